// After Submit: the page of an import, its files, and taking it back: within the hold by
// one click, later after a question that says what happens.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, link, signIn, withPage } from '../fixtures/browser.mjs';
import { parseCsv, toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, reviewGrid, submit, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
// In a demo the hold is the operator's: long enough for slow machines.
const desk = withServer({ before: async () => ({ args: ['--mail-hold-seconds', '600'] }) });

const inBrowser = (name, body, options = {}) =>
  withPage(desk.browser, desk.url, name, { acceptDownloads: true, ...options }, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await body(page);
  });

async function saved(page, name) {
  const coming = page.waitForEvent('download');
  await button(page, name).first().click();
  const download = await coming;
  const text = await readFile(await download.path(), 'utf8');
  return { name: download.suggestedFilename(), text, table: parseCsv(text.replace(/^\ufeff/, '')) };
}

const toast = (page, text) => page.locator('.toast').filter({ hasText: text });

test('S43 S44 the rows that failed come down neutral, and go up again as they are', LIMIT, async () => {
  await inBrowser('imports-failed', async (page) => {
    const rows = [
      ['abe.fine@example.test', 'Abe', '=1+1', '+49 30 1'],
      ['bad', '=cmd', '@SUM(A1)', '+49 30 2'],
      ['worse at', '-Bea', '\ttab', '＝full'],
    ];
    await upload(page, toCsv(['email', 'first_name', 'note', 'phone'], rows), 'calc.csv');
    await loaded(page, 3);
    const before = await saved(page, 'Download problems');
    assert.equal(before.name, 'beckon-failed-calc.csv');
    const escaped = before.table.slice(1, 3).map((row) => row.slice(0, 4));
    assert.deepEqual(escaped, [
      ['bad', "'=cmd", "'@SUM(A1)", "'+49 30 2"],
      ['worse at', "'-Bea", "'\ttab", "'＝full"],
    ]);
    for (const row of before.table.slice(1)) {
      for (const cell of row) assert.doesNotMatch(cell, /^[=+\-@\t\r＝＋－＠]/);
    }
    await submit(page);
    await page.getByRole('status').filter({ hasText: '1 invited' }).waitFor();
    const after = await saved(page, 'Download the rows that failed');
    assert.deepEqual(after.table, before.table);
    // As it is: the reasons are known as ours, and every cell is as it was.
    await upload(page, after.text, after.name);
    await waitFor(async () => assert.equal(await reviewGrid(page).rowCount(), 3));
    const review = reviewGrid(page);
    const phone = await review.column(/phone/);
    await review.shows(1, phone, '+49 30 2');
    await review.shows(1, await review.column(/first_name/), '=cmd');
    await review.shows(2, phone, '＝full');
  });
});

test('within the hold an import is undone by one click, and no mail goes out', LIMIT, async () => {
  await inBrowser('imports-undo-soon', async (page) => {
    await upload(page, toCsv(['email'], [['cleo.soon@example.test'], ['dan.soon@example.test'], ['nonsense']]), 'soon.csv');
    await loaded(page, 3);
    await submit(page);
    const undo = button(page, 'Undo import');
    await undo.waitFor();
    assert.match(await undo.innerText(), /Undo import · \d+ s/);
    await axe(page, 'the result with its undo');
    await undo.click();
    await toast(page, '2 invitations were taken back.').waitFor();
    await page.goto('/t/acme/management/imports');
    const line = page.getByRole('row').filter({ hasText: 'soon.csv' });
    await line.getByText('Undone', { exact: true }).waitFor();
    await line.getByRole('link', { name: 'soon.csv' }).click();
    await page.getByRole('heading', { name: 'soon.csv' }).waitFor();
    assert.equal(await button(page, 'Undo import').count(), 0);
    await page.getByRole('row').filter({ hasText: 'cleo.soon@example.test' }).getByText('Revoked').waitFor();
    await page.goto('/t/acme/management/invitations?search=dan.soon');
    await page.getByText('Revoked').first().waitFor();
  });
});

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test(`an import's page: rows, files, undo after a question (${viewport.width} px)`, LIMIT, async () => {
    await inBrowser(`imports-page-${viewport.width}`, async (page) => {
      const who = (name) => `${name}.page${viewport.width}@example.test`;
      await upload(page, toCsv(['email', 'first_name', 'phone'], [[who('eva'), 'Eva', '+49 1'], [who('finn'), 'Finn', '+49 2'], ['nonsense', '=Gus', '+49 3']]), 'page.csv');
      await loaded(page, 3);
      // The server judges the third as well: it is sent although the page knows better.
      await submit(page);
      await link(page, 'See the import').click();
      await page.getByRole('heading', { name: 'page.csv' }).waitFor();
      await page.getByText('2 pending, 0 accepted, 0 revoked', { exact: false }).waitFor();
      const row = (text) => page.getByRole('row').filter({ hasText: text });
      await row(who('eva')).getByText('Pending').waitFor();
      await axe(page, `an import at ${viewport.width} px`);
      const outcomes = await saved(page, 'Download outcomes');
      assert.equal(outcomes.name, 'beckon-outcomes-page.csv');
      assert.deepEqual(outcomes.table.slice(1, 3).map((cells) => cells[1]), [who('eva'), who('finn')]);
      await page.getByRole('button', { name: 'Accepted', exact: true }).click();
      await page.getByText('There are no such rows.').waitFor();

      await button(page, 'Undo import').click();
      const dialog = page.getByRole('dialog', { name: 'Undo this import?' });
      await dialog.getByText('2 invitations that nobody accepted yet are taken back.', { exact: false }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
      await button(page, 'Undo import').click();
      await dialog.getByRole('button', { name: 'Undo import', exact: true }).click();
      await toast(page, '2 invitations were taken back.').waitFor();
      await page.getByText('0 pending, 0 accepted, 2 revoked', { exact: false }).waitFor();
    }, { viewport });
  });
}

test('F14 a connection that is lost in the middle of a submit: it goes on, and makes one import', LIMIT, async () => {
  await inBrowser('imports-offline', async (page) => {
    const rows = Array.from({ length: 3_500 }, (_, n) => [`off.${n}@example.test`, `Off${n}`]);
    await upload(page, toCsv(['email', 'first_name'], rows), 'offline.csv');
    await loaded(page, 3_500);
    // The second part is cut off, and then the network is gone.
    let parts = 0;
    await page.route('**/api/imports/chunk', async (route) => {
      parts += 1;
      if (parts === 2) {
        await page.context().setOffline(true);
        await route.abort('connectionreset');
        return;
      }
      await route.continue();
    });
    // A double click is one submit.
    await button(page, 'Submit').dblclick();
    await page.getByText('Connection lost. Trying again…').first().waitFor();
    await page.context().setOffline(false);
    await page.waitForFunction(() => performance.getEntriesByName('beckon:outcomes-shown').length > 0, undefined, { timeout: 60_000 });
    await page.getByRole('status').filter({ hasText: '3,500 invited' }).waitFor();
    await page.goto('/t/acme/management/imports');
    await page.getByRole('row').filter({ hasText: 'offline.csv' }).first().waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: 'offline.csv' }).count(), 1);
  }, { expected: [/Failed to load resource/, /ERR_/, /net::/] });
});

test('S23 rows that would make administrators are named and confirmed', LIMIT, async () => {
  await inBrowser('imports-admins', async (page) => {
    await upload(page, toCsv(['email', 'role'], [['ivy.admin@example.test', 'admin'], ['jon.admin@example.test', 'admin'], ['kai.admin@example.test', 'learner']]), 'admins.csv');
    await loaded(page, 3);
    await button(page, 'Submit').click();
    const dialog = page.getByRole('dialog', { name: 'Make 2 people administrators?' });
    await dialog.getByText('2 rows have the role admin.', { exact: false }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.goto('/t/acme/management/imports');
    assert.equal(await page.getByRole('row').filter({ hasText: 'admins.csv' }).count(), 0);
    await page.goto(INVITE);
    await waitFor(async () => assert.equal(await reviewGrid(page).rowCount(), 4));
    await submit(page);
    await page.getByRole('status').filter({ hasText: '3 invited' }).waitFor();
  });
});
