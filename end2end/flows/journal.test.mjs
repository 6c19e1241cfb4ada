// Nothing is lost with the page: after a crash, a reload or a closed tab the list stands
// there again, with every edit, its history and the place; and it is forgotten when it
// was submitted or when its owner signs out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, fromProfile, signIn, withPage } from '../fixtures/browser.mjs';
import { makeCsv, toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, reviewGrid, submit, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
const desk = withServer();
const CRASH = { expected: [/the page crashed/, /Failed to load resource/] };

const inBrowser = (name, body, options = CRASH) =>
  withPage(desk.browser, desk.url, name, options, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await body(page);
  });

/** The names that stand in the browser's own database, after `more` were put into it. */
const names = (page, more = []) =>
  page.evaluate(
    (pairs) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('beckon', 1);
        opening.onerror = reject;
        opening.onsuccess = () => {
          const store = opening.result.transaction('journal', 'readwrite').objectStore('journal');
          for (const [name, value] of pairs) store.put(value, name);
          const all = store.getAllKeys();
          all.onerror = reject;
          all.onsuccess = () => resolve(all.result);
        };
      }),
    more,
  );

/** Until everything that was done stands there. */
const written = (page, steps) =>
  waitFor(async () => {
    const parts = await names(page);
    assert.ok(parts.some((name) => name.endsWith('|h')), `${parts}`);
    assert.ok(parts.filter((name) => /\|o\d+$/.test(name)).length >= steps, `${parts}`);
  });

/** The renderer dies, as by a fault or for want of memory: no page code runs any more. */
async function crash(page) {
  const context = page.context();
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {});
  await crashed;
  const next = await context.newPage();
  await page.close();
  await next.goto(INVITE);
  return next;
}

const again = (page, name) => page.locator('.toast').filter({ hasText: `“${name}” is here again, as you left it.` });

test('journal: a killed tab loses no edit, no mapping, no step and not the place', LIMIT, async () => {
  await inBrowser('journal-crash', async (page) => {
    const { csv, table } = makeCsv(3_000, { bad: 0 });
    await upload(page, csv, 'killed.csv');
    let review = await loaded(page, 3_000);
    let first = await review.column(/first/i);
    await review.type(1, first, 'Olaf');
    await button(page, 'Add row').click();
    await review.shows(3, first, '');
    await button(page, 'Add column').click();
    first += 1;
    await review.shows(1, first, 'Olaf');
    await review.cell(1, 2).click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+End');
    const rows = await review.rowCount();
    await waitFor(async () => assert.ok(await review.cell(rows - 1, 2).isVisible()));
    await page.waitForTimeout(1_500);
    await written(page, 3);

    const next = await crash(page);
    await again(next, 'killed.csv').waitFor();
    review = reviewGrid(next);
    assert.equal(await review.rowCount(), rows);
    // The place.
    await waitFor(async () => assert.ok(await review.cell(rows - 1, 2).isVisible()));
    await next.keyboard.press('Control+Home');
    await review.shows(1, first, 'Olaf');
    await review.shows(3, first, '');
    // The steps, one after the other, to the file as it was.
    for (let step = 0; step < 3; step += 1) await button(next, 'Undo').click();
    first = await review.column(/first/i);
    await review.shows(1, first, table[0][1]);
    assert.equal(await review.rowCount(), 3_001);
    for (let step = 0; step < 3; step += 1) await button(next, 'Redo').click();
    first = await review.column(/first/i);
    await review.shows(1, first, 'Olaf');
    assert.equal(await review.rowCount(), rows);
    // What is done from here on is found again as well, and a reload asks nothing.
    await review.type(1, first, 'Olga');
    await next.waitForTimeout(300);
    await next.reload();
    await again(next, 'killed.csv').waitFor();
    await next.keyboard.press('Control+Home');
    await review.shows(1, first, 'Olga');
  });
});

test('journal: a list of which some was submitted is found again without it; a complete one is not', LIMIT, async () => {
  await inBrowser('journal-submitted', async (page) => {
    await upload(page, toCsv(['email', 'first_name'], [['bad', 'Tea'], ['ute.journal@example.test', 'Ute']]), 'part.csv');
    let review = await loaded(page, 2);
    await submit(page);
    await page.getByRole('status').filter({ hasText: '1 stays here' }).waitFor();
    await written(page, 1);
    const next = await crash(page);
    await again(next, 'part.csv').waitFor();
    review = reviewGrid(next);
    assert.equal(await review.rowCount(), 2);
    assert.equal(await review.text(1, 2), 'bad');
    await next.getByRole('button', { name: 'Submitted' }).waitFor();
    await review.type(1, 2, 'tea.journal@example.test');
    await submit(next);
    await next.getByRole('status').filter({ hasText: '1 invited' }).first().waitFor();
    await next.waitForTimeout(300);
    await next.reload();
    await next.getByText('No list yet').waitFor();
    // It stands there before the journal was looked at.
    await next.waitForTimeout(600);
    assert.equal(await again(next, 'part.csv').count(), 0);
  });
});

test('journal: two tabs keep to their own lists, and signing out forgets them', LIMIT, async () => {
  await inBrowser('journal-tabs', async (page) => {
    await upload(page, toCsv(['email', 'first_name'], [['vera.tab@example.test', 'Vera']]), 'one.csv');
    let review = await loaded(page, 1);
    await review.type(1, 3, 'Verena');
    await written(page, 1);
    const other = await page.context().newPage();
    await other.goto(INVITE);
    await other.getByText('No list yet').waitFor();
    await other.waitForTimeout(600);
    assert.equal(await again(other, 'one.csv').count(), 0);
    await other.close();
    // A list that nobody has open comes back; one that was removed does not.
    await page.waitForTimeout(300);
    await page.goto('/settings');
    await page.goto(INVITE);
    await again(page, 'one.csv').waitFor();
    review = reviewGrid(page);
    await review.shows(1, 3, 'Verena');
    await fromProfile(page, 'Sign out');
    await page.getByRole('dialog', { name: 'Sign out?' }).getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.waitForURL('**/sign-in*');
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await page.getByText('No list yet').waitFor();
    await page.waitForTimeout(500);
    await page.getByText('No list yet').waitFor();
  });
});

test('journal: what nobody changed for 14 days is forgotten, whosever it is', LIMIT, async () => {
  await inBrowser('journal-old', async (page) => {
    await page.getByText('No list yet').waitFor();
    // Whoever opens it before the page does would make it without its store.
    await waitFor(async () => assert.equal(await page.evaluate(async () => (await indexedDB.databases()).length), 1));
    const day = 86_400_000;
    const list = (tenant, days) => `someone|${tenant}|${String(Date.now() - days * day).padStart(15, '0')}-mark|`;
    const [old, changed, young] = [list('globex', 15), list('acme', 30), list('globex', 13)];
    const put = [
      [`${old}f`, 'email'],
      [`${old}h`, '{}'],
      [`${changed}f`, 'email'],
      [`${changed}t`, Date.now() - day],
      [`${young}f`, 'email'],
    ];
    await names(page, put);
    await page.reload();
    await waitFor(async () => assert.deepEqual(await names(page), [`${changed}f`, `${changed}t`, `${young}f`].sort()));
  });
});

test('F14 a submit that a crash cut off is the same import afterwards', LIMIT, async () => {
  await inBrowser('journal-submit-crash', async (page) => {
    await upload(page, toCsv(['email', 'first_name'], [['wim.crash@example.test', 'Wim'], ['xen.crash@example.test', 'Xen']]), 'crash.csv');
    await loaded(page, 2);
    await page.waitForTimeout(300);
    // The server commits, the answer never arrives.
    let committed = 0;
    await page.route('**/api/imports/commit', async (route) => {
      await route.fetch();
      committed += 1;
    });
    await button(page, 'Submit').click();
    await waitFor(async () => assert.equal(committed, 1));
    const next = await crash(page);
    await again(next, 'crash.csv').waitFor();
    await waitFor(async () => assert.equal(await reviewGrid(next).rowCount(), 3));
    // Nobody is “already invited”: it is the first submit's own answer.
    await submit(next);
    await next.getByRole('status').filter({ hasText: '2 invited' }).waitFor();
    await next.goto('/t/acme/management/imports');
    await waitFor(async () => assert.equal(await next.getByRole('row').filter({ hasText: 'crash.csv' }).count(), 1));
  });
});
