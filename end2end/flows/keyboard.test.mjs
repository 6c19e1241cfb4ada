// Journey B without a mouse: every step by Tab, arrows and the grid's own keys.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, field, focused, link, menuItem, settled, startBrowser, tabTo, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { loaded, waitFor } from '../fixtures/grid.mjs';
import { PASSWORD, startServer } from '../fixtures/server.mjs';

const LIMIT = { timeout: 180_000 };
let browser;
let server;

before(async () => {
  browser = await startBrowser();
  server = await startServer();
}, LIMIT);

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Data row (1 = the first) and column of the cell that has the focus. */
const place = (page) =>
  page.evaluate(() => {
    const cell = document.activeElement?.closest('[role=gridcell]');
    const row = cell?.closest('[aria-rowindex]');
    return row && [Number(row.ariaRowIndex) - 1, Number(cell.ariaColIndex)];
  });

const at = (page, row, column) => waitFor(async () => assert.deepEqual(await place(page), [row, column]));

test('work: journey B with the keyboard alone', LIMIT, async () => {
  await withPage(browser, server.url, 'keyboard', {}, async (page) => {
    const press = (key) => page.keyboard.press(key);
    await page.goto('/sign-in');
    await tabTo(page, field(page, 'Email'));
    await page.keyboard.type('admin@acme.test');
    await tabTo(page, field(page, 'Password'));
    await page.keyboard.type(PASSWORD);
    await press('Enter');

    await button(page, 'Profile').waitFor();
    await settled(page);
    await tabTo(page, button(page, 'Profile'));
    await press('Enter');
    const entry = menuItem(page, 'Acme Academy');
    await entry.waitFor();
    for (let presses = 0; presses < 9 && !(await focused(entry)); presses += 1) await press('ArrowDown');
    await press('Enter');
    await settled(page);
    await tabTo(page, link(page, 'Management'));
    await press('Enter');
    await settled(page);
    await tabTo(page, link(page, 'Invite').first());
    await press('Enter');

    // The page has arrived once its heading has the focus; Tab goes on from there.
    const heading = page.getByRole('heading', { level: 1, name: /^Invite people/ });
    await waitFor(async () => assert.equal(await focused(heading), true));
    await settled(page);
    await tabTo(page, button(page, 'Upload CSV'));
    const rows = [
      ['ann.keys@example.test', 'Ann', ''],
      ['bob at example.test', 'Bob', ''],
      ['cy.keys@example.test', 'Cy', 'last'],
    ];
    const csv = toCsv(['email', 'first_name', 'note'], rows);
    const chooser = page.waitForEvent('filechooser');
    // The browser is told to hand the dialog over before it is opened.
    await settled(page);
    await press('Enter');
    await (await chooser).setFiles({ name: 'keys.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    const review = await loaded(page, 3);
    await tabTo(page, review.grid.locator('[role=gridcell] :is(input, textarea)').first());

    // Around the sheet.
    await press('Control+Home');
    await at(page, 1, 2);
    await press('ArrowDown');
    await press('ArrowRight');
    await at(page, 2, 3);
    await press('Tab');
    await at(page, 2, 4);
    await press('Shift+Tab');
    await at(page, 2, 3);
    await press('Control+End');
    await at(page, 3, 4);

    // Delete, undo, redo, undo.
    await press('Delete');
    await review.shows(3, 4, '');
    await press('Control+z');
    await review.shows(3, 4, 'last');
    await press('Control+y');
    await review.shows(3, 4, '');
    await press('Control+z');
    await review.shows(3, 4, 'last');

    // F2 edits, Esc forgets; copied to another cell.
    await press('F2');
    await page.keyboard.type(' word');
    await press('Escape');
    await review.shows(3, 4, 'last');
    await press('Control+c');
    await press('ArrowUp');
    await press('Control+v');
    await review.shows(2, 4, 'last');

    // The one problem, cured where F8 leads.
    await press('Control+Home');
    await press('F8');
    await at(page, 2, 2);
    // Esc puts the remark out of sight until one comes back; its cure has a key, which is said.
    const remark = page.locator('.grid__popover');
    await remark.waitFor();
    await press('Escape');
    await remark.waitFor({ state: 'hidden' });
    await press('ArrowDown');
    await press('ArrowUp');
    await remark.waitFor();
    const told = () =>
      page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent);
    assert.match(await told(), /Alt\+Enter: Change to bob@example\.test\./);
    await press('Alt+Enter');
    await review.shows(2, 2, 'bob@example.test');
    await press('Control+z');
    await review.shows(2, 2, 'bob at example.test');
    await at(page, 2, 2);
    await page.keyboard.type('bob.keys@example.test');
    await press('Enter');
    await review.shows(2, 2, 'bob.keys@example.test');
    await at(page, 3, 2);
    await waitFor(async () => assert.equal(await review.invalid().count(), 0));

    // The column's menu opens and closes, and the focus comes back.
    await press('Alt+ArrowDown');
    await menuItem(page, 'Rename column').waitFor();
    await press('Escape');
    await at(page, 3, 2);

    // Esc, then Tab leaves; Submit says what became of the rows.
    await press('Escape');
    await tabTo(page, button(page, 'Submit'));
    await press('Enter');
    const outcome = page.getByRole('status').filter({ hasText: '3 invited' });
    await outcome.waitFor();
    await waitFor(async () => assert.equal(await focused(outcome), true));
    for (const name of ['ann', 'bob', 'cy']) {
      const line = page.getByRole('row').filter({ hasText: `${name}.keys@example.test` });
      await line.getByText('Pending', { exact: true }).waitFor();
    }
  });
});
