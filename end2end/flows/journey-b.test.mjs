// Journey B of the product, word for word: template, upload, correct, submit,
// everybody Pending.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, field, fromProfile, link, menuItem, signIn, withPage } from '../fixtures/browser.mjs';
import { makeCsv, parseCsv, toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, reviewGrid, submit, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
const TEMPLATE = ['email', 'first_name', 'last_name', 'role', 'group', 'courses', 'programs', 'expires_on', 'external_id', 'note'];
const desk = withServer();

const inBrowser = (name, body) => withPage(desk.browser, desk.url, name, { acceptDownloads: true }, body);

test('from the profile menu to Invite, and the template comes down', LIMIT, async () => {
  await inBrowser('journey-b-template', async (page) => {
    await signIn(page, 'admin@acme.test');
    await fromProfile(page, 'Acme Academy');
    await link(page, 'Management').click();
    await link(page, 'Invite').first().click();
    await page.waitForURL(`**${INVITE}`);
    const coming = page.waitForEvent('download');
    await link(page, 'Download CSV Template')
      .or(button(page, 'Download CSV Template'))
      .first()
      .click();
    const download = await coming;
    assert.match(download.suggestedFilename(), /\.csv$/);
    const [header] = parseCsv(await readFile(await download.path(), 'utf8'));
    assert.deepEqual(header.slice(0, TEMPLATE.length), TEMPLATE);
  });
});

test('upload, correct, submit: everybody Pending', LIMIT, async () => {
  await inBrowser('journey-b', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const sent = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push([new URL(request.url()).pathname, request.postData() ?? '']);
    });
    const rows = [
      ['amina.diallo@example.test', 'Amina', 'Diallo', 'learner', 'Spring', 'Says “hi”'],
      ['bruno at example.test', 'Bruno', 'Costa', 'learner', 'Spring', 'wrong address'],
      ['', 'Chen', 'Wei', 'learner', 'Spring', 'no address'],
      ['dora.novak@example.test', 'Dora', 'Novák', 'learner', 'Spring', 'two\nlines'],
    ];
    await upload(page, toCsv(['E-Mail', 'Prénom', 'Last Name', 'role', 'group', 'note'], rows));
    const review = await loaded(page, rows.length);
    const email = await review.column(/e-?mail/i);
    assert.equal(await review.text(1, email), rows[0][0]);
    await waitFor(async () => assert.equal(await review.invalid().count(), 2));
    await axe(page, 'the grid with problems');

    // Nothing of the file leaves the browser but what the check asks about.
    for (const [path, body] of sent) {
      assert.ok(path === '/api/imports/check' || !body.includes('amina.diallo'), `${path} carries the file`);
      assert.ok(!body.includes('Diallo'), `${path} carries a name`);
    }

    // F8 goes to the next problem, and the two are cured there.
    await review.cell(1, email).click();
    await page.keyboard.press('F8');
    await page.keyboard.type('bruno.costa@example.test');
    await page.keyboard.press('Enter');
    await review.shows(2, email, 'bruno.costa@example.test');
    await review.type(3, email, 'chen.wei@example.test');
    await waitFor(async () => assert.equal(await review.invalid().count(), 0));

    await submit(page);
    // What became of the rows is in sight, has the focus, and is in the counts.
    const outcome = page.getByRole('status').filter({ hasText: '4 invited' });
    await waitFor(async () => assert.equal(await outcome.evaluate((card) => card === document.activeElement), true));
    await waitFor(async () => assert.equal(await outcome.evaluate((card) => card.getBoundingClientRect().top > 0), true));
    await page.getByRole('main').getByRole('button', { name: /^Pending/ }).filter({ hasText: '4' }).waitFor();
    await page.goto('/t/acme/management/invitations');
    for (const address of ['amina.diallo', 'bruno.costa', 'chen.wei', 'dora.novak']) {
      const line = page.getByRole('row').filter({ hasText: `${address}@example.test` });
      await line.getByText('Pending', { exact: true }).waitFor();
    }
  });
});

test('uploading the same list again makes nobody twice', LIMIT, async () => {
  await inBrowser('journey-b-again', async (page) => {
    await signIn(page, 'admin@acme.test');
    const csv = toCsv(['email', 'first_name'], [['eva.again@example.test', 'Eva'], ['finn.again@example.test', 'Finn']]);
    for (const round of [1, 2]) {
      await page.goto(INVITE);
      await upload(page, csv);
      await loaded(page, 2);
      await submit(page);
      await page.goto('/t/acme/management/invitations');
      const line = page.getByRole('row').filter({ hasText: 'eva.again@example.test' });
      await line.first().waitFor();
      assert.equal(await line.count(), 1, `after round ${round}`);
    }
  });
});

test('rows and columns: every operation, and undo of all of it', LIMIT, async () => {
  await inBrowser('journey-b-operations', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const { csv, table } = makeCsv(40, { bad: 0, missing: 0, duplicate: 0, multiline: 0 });
    await upload(page, csv);
    const review = await loaded(page, 40);
    const before = await snapshot(review);
    const email = await review.column(/^\W*email/i);

    let operations = 0;
    await review.type(2, await review.column(/first/i), 'Changed');
    operations += 1;

    await review.cell(3, email).click();
    await button(page, 'Add row').click();
    operations += 1;
    await waitFor(async () => assert.equal(await review.rowCount(), 42));

    await review.cell(1, email).click();
    await button(page, 'Delete row').click();
    operations += 1;
    await waitFor(async () => assert.equal(await review.rowCount(), 41));
    await review.shows(1, email, table[1][0]);

    for (let step = 0; step < operations; step += 1) await button(page, 'Undo').click();
    await waitFor(async () => assert.deepEqual(await snapshot(review), before));
    for (let step = 0; step < operations; step += 1) await button(page, 'Redo').click();
    await waitFor(async () => assert.equal(await review.rowCount(), 41));
    await review.shows(1, email, table[1][0]);
    for (let step = 0; step < operations; step += 1) await page.keyboard.press('Control+z');
    await waitFor(async () => assert.deepEqual(await snapshot(review), before));
  });
});

test('columns: add, rename, map, reorder, delete through the menus, and undo of each', LIMIT, async () => {
  await inBrowser('journey-b-columns', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const rows = [['ada.columns@example.test', 'Ada', '41'], ['ben.columns@example.test', 'Ben', '43']];
    await upload(page, toCsv(['email', 'first_name', 'Shoe size'], rows));
    const review = await loaded(page, 2);
    const sheet = async () => {
      const headers = await review.headers();
      const cells = [];
      for (const row of [1, 2]) {
        for (let column = 2; column <= headers.length; column += 1) cells.push(await review.text(row, column));
      }
      return { headers, cells };
    };
    const fromMenu = async (column, entry) => {
      await button(page, `Column ${column}`).click();
      await menuItem(page, entry).click();
    };
    const header = async (name, place) => waitFor(async () => assert.equal(await review.column(name), place));
    /** Does it, sees it, takes it back, and does it again. */
    const step = async (what, act, seen) => {
      const before = await sheet();
      await act();
      await seen();
      const after = await sheet();
      assert.notDeepEqual(after, before, what);
      await button(page, 'Undo').click();
      await waitFor(async () => assert.deepEqual(await sheet(), before, `undo: ${what}`));
      await button(page, 'Redo').click();
      await waitFor(async () => assert.deepEqual(await sheet(), after, `redo: ${what}`));
    };

    await review.cell(1, 2).click();
    await step(
      'add',
      () => button(page, 'Add column').click(),
      () => waitFor(async () => assert.equal(await review.columnCount(), 5)),
    );
    await step(
      'rename',
      async () => {
        await fromMenu('Shoe size', 'Rename column');
        await field(page, 'Column name').fill('Boot size');
        await page.keyboard.press('Enter');
      },
      () => header(/^Boot size/, 5),
    );
    await step('reorder', () => fromMenu('Boot size', 'Move left'), () => header(/^Boot size/, 4));
    await step(
      'map',
      async () => {
        await fromMenu('Boot size', 'Map to a field');
        await field(page, 'Column Boot size is').selectOption('note');
        await button(page, 'Done').click();
      },
      () => header(/^note/, 4),
    );
    await step(
      'delete',
      () => fromMenu('note', 'Delete column'),
      () => waitFor(async () => assert.equal(await review.columnCount(), 4)),
    );
    for (let undone = 0; undone < 5; undone += 1) await page.keyboard.press('Control+z');
    await header(/^Shoe size/, 4);
    assert.equal(await review.columnCount(), 4);
    assert.equal(await review.text(1, 4), '41');
  });
});

async function snapshot(review) {
  const email = await review.column(/^\W*email/i);
  const first = await review.column(/first/i);
  const rows = [];
  for (const row of [1, 2, 3, 4]) rows.push([await review.text(row, email), await review.text(row, first)]);
  return { rows, headers: await review.headers(), count: await review.rowCount() };
}

test('S42 script in every cell stays text', LIMIT, async () => {
  await inBrowser('journey-b-script', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const evil = '<img src=x onerror="globalThis.__owned=1"><script>globalThis.__owned=1</script>';
    const header = ['email', 'first_name', 'last_name', 'group', 'external_id', 'note', evil];
    const row = ['evil.cell@example.test', evil, evil, evil, evil, evil, evil];
    await upload(page, toCsv(header, [row]), '<img src=x onerror=globalThis.__owned=1>.csv');
    const review = await loaded(page, 1);
    assert.equal(await review.text(1, await review.column(/first/i)), evil);
    await submit(page);
    await page.goto('/t/acme/management/invitations');
    await page.getByRole('row').filter({ hasText: 'evil.cell@example.test' }).first().waitFor();
    await page.goto('/t/acme/management/imports');
    await page.getByRole('main').getByRole('heading').first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.__owned), undefined, 'no script ran');
    assert.equal(await page.locator('img[src="x"]').count(), 0, 'no element came of a cell');
  });
});

test('a search finds a person by name, and nobody by a name that nobody has', LIMIT, async () => {
  await inBrowser('journey-b-search', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await upload(page, toCsv(['email', 'first_name', 'last_name'], [['g.search@example.test', 'Gwendolyn', 'Searchable']]));
    await loaded(page, 1);
    await submit(page);
    await page.goto('/t/acme/management/invitations');
    await page.getByRole('searchbox').or(field(page, 'Search')).first().fill('searchable');
    const line = page.getByRole('row').filter({ hasText: 'g.search@example.test' });
    await line.first().waitFor();
    await page.getByRole('searchbox').or(field(page, 'Search')).first().fill('nobody-has-this-name');
    await waitFor(async () => assert.equal(await line.count(), 0));
  });
});
