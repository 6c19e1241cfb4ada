// What became of each row: in the grid, in the card above it, in the file that can be
// downloaded, and when everything or nothing was asked for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { parseCsv, toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, reviewGrid, submit, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
const desk = withServer();

const inBrowser = (name, body) => withPage(desk.browser, desk.url, name, { acceptDownloads: true }, body);
const chip = (page, name) => page.getByRole('group', { name: 'Which rows are shown' }).getByRole('button', { name });
const switchOf = (page) => page.getByRole('switch', { name: 'Check addresses with the server' });

test('outcomes stand in the grid: rows that failed can be edited, the others can be read', LIMIT, async () => {
  await inBrowser('outcomes', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const rows = [
      ['gita.rao@example.test', 'Gita', ''],
      ['learner@acme.test', 'Somebody', 'admin'],
      ['hugo.lang at example.test', 'Hugo', ''],
    ];
    await upload(page, toCsv(['email', 'first_name', 'role'], rows));
    const review = await loaded(page, 3);
    await submit(page);
    const card = page.getByRole('status').filter({ hasText: '1 invited · 1 already a member · 1 stays here' });
    await card.getByText('1 row has another role or name than is known here').waitFor();

    // The failed row is there to be corrected, the two others behind a chip.
    await waitFor(async () => assert.equal(await review.rowCount(), 2));
    await review.type(1, 2, 'hugo.lang@example.test');
    await chip(page, 'Submitted').click();
    await waitFor(async () => assert.equal(await review.rowCount(), 3));
    assert.equal(await review.text(2, 2), 'learner@acme.test');
    await review.cell(2, 2).click();
    await page.getByText('Already a member, as learner; the file says admin.', { exact: false }).first().waitFor();
    await axe(page, 'submitted rows in the grid');
    await page.keyboard.type('x');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Delete');
    assert.equal(await review.text(2, 2), 'learner@acme.test');

    const coming = page.waitForEvent('download');
    await button(page, 'Download outcomes').click();
    const file = parseCsv((await readFile(await (await coming).path(), 'utf8')).replace(/^\ufeff/, ''));
    const at = file[0].indexOf('beckon_outcome');
    assert.deepEqual(
      file.slice(1, 4).map((row) => [row[0], row[at]]),
      [
        ['gita.rao@example.test', 'Invited'],
        ['learner@acme.test', 'Already a member'],
        ['hugo.lang@example.test', 'Not submitted'],
      ],
    );

    // With the last row submitted too, the grid makes room for the list and can come back.
    await chip(page, 'All rows').click();
    await submit(page);
    await review.grid.waitFor({ state: 'detached' });
    await button(page, 'Show the rows').click();
    await waitFor(async () => assert.equal(await review.rowCount(), 4));
  });
});

test('all rows or none: one wrong row holds everybody back, and only that row is marked', LIMIT, async () => {
  await inBrowser('outcomes-all-or-nothing', async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    // Without the check only the server knows that the course does not exist. The switch
    // is turned before there is anything to ask about.
    await button(page, 'Start with an empty grid').click();
    const review = reviewGrid(page);
    await review.grid.waitFor();
    await switchOf(page).uncheck();
    const courses = await review.column(/^courses/);
    for (const [row, address] of [[1, 'ilse.all@example.test'], [2, 'jan.all@example.test'], [3, 'kim.all@example.test']]) {
      if (row > 1) await button(page, 'Add row').click();
      await review.type(row, 2, address);
    }
    await review.type(2, courses, 'NO-SUCH-COURSE');
    await field(page, 'If rows have problems').selectOption('all_or_nothing');
    await submit(page);
    await page.getByText('Nobody was invited, since 1 row has to be corrected first.', { exact: false }).first().waitFor();
    assert.equal(await review.rowCount(), 4);
    await waitFor(async () => assert.equal(await review.invalid().count(), 1));
    assert.equal(await review.invalid().first().getAttribute('aria-colindex'), String(courses));

    await review.cell(2, courses).click();
    await page.keyboard.press('Delete');
    await waitFor(async () => assert.equal(await review.invalid().count(), 0));
    await submit(page);
    await page.getByRole('status').filter({ hasText: '3 invited' }).waitFor();
  });
});
