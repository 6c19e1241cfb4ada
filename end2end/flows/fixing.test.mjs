// Putting a list right: problems by kind, only those rows, F8, and cures with a preview,
// each of them one step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
const desk = withServer();
const HEADER = ['email', 'first_name', 'last_name', 'role', 'courses', 'expires_on'];
const NEXT = new Date().getUTCFullYear() + 1;
const ROWS = [
  ['ann at fix.test', 'Ann', 'Lee', '', '', ''],
  ['bea at fix.test', 'Bea', 'Lee', '', '', ''],
  ['cid@gmial.com', 'Cid', 'Roy', '', '', ''],
  ['dee@fix.test', 'Dee\u00a0', 'Fox', '', '', ''],
  ['eli@fix.test', 'Eli', 'Fox', 'TEACHER', '', ''],
  ['fay@fix.test', 'Gray, Fay', '', '', '', ''],
  ['gus@fix.test', 'Gus', 'Orr', '', '', `5 Jan ${NEXT}`],
  ['hal@fix.test', 'Hal', 'Orr', '', '', `3/4/${NEXT}`],
  ['ivy@fix.test', 'Ivy', 'first', '', '', ''],
  ['ivy@fix.test', 'Ivy', 'last', '', '', ''],
  ['joe@fix.test', 'Joe', 'Day', '', 'c1', ''],
  ['joe@fix.test', 'Joe', 'Day', '', 'c2', ''],
  ['k im@fix.test', 'Kim', 'Day', '', '', ''],
  ['le\u200bo@fix.test', 'Leo', 'Day', '', '', ''],
  ['Mia <mia@fix.test>', 'Mia', 'Day', '', '', ''],
];
/** Kind, what to choose, a line of the preview, what is said, and a cell afterwards. */
const CURES = [
  ['“at” instead of @', null, 'Row 1 email ann at fix.test ann@fix.test', '2 cells changed.', [1, 2, 'ann@fix.test']],
  ['E-mail domain mistyped?', null, 'Row 3 email cid@gmial.com cid@gmail.com', '1 cell changed.', [3, 2, 'cid@gmail.com']],
  ['Invisible character', null, 'Row 4 first_name Dee␣ Dee', '1 cell changed.', [4, 3, 'Dee']],
  ['Role not known', null, 'Row 5 role TEACHER instructor', '1 cell changed.', [5, 5, 'instructor']],
  ['Last name before first?', null, 'Row 6 first_name Gray, Fay Fay', '2 cells changed.', [6, 4, 'Gray']],
  ['Date not valid', 'day', `Row 8 expires_on 3/4/${NEXT} ${NEXT}-04-03`, '2 cells changed.', [8, 7, `${NEXT}-04-03`]],
  ['Space in e-mail', null, 'Row 13 email k im@fix.test kim@fix.test', '1 cell changed.', [13, 2, 'kim@fix.test']],
  ['Invisible character in e-mail', null, 'Row 14 email le[invisible]o@fix.test leo@fix.test', '1 cell changed.', [14, 2, 'leo@fix.test']],
  ['Name around e-mail', null, 'Row 15 email Mia <mia@fix.test> mia@fix.test', '1 cell changed.', [15, 2, 'mia@fix.test']],
  ['Person on several rows', null, 'Row 11 courses c1 c1|c2', '1 cell changed, 1 row deleted.', [11, 6, 'c1|c2']],
  ['Duplicate in file', 'last', 'Row 9 email ivy@fix.test deleted', '1 row deleted.', [9, 4, 'last']],
];
const inBrowser = (name, body, options = {}) =>
  withPage(desk.browser, desk.url, name, options, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await page.getByText('No list yet').waitFor();
    await upload(page, toCsv(HEADER, ROWS));
    const review = await loaded(page, ROWS.length);
    await body(page, review);
  });

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test(`problems are fixed by kind, with a preview and in one step each (${viewport.width} px)`, LIMIT, async () => {
    await inBrowser(
      `fixing-${viewport.width}`,
      async (page, review) => {
        // So that the catalog has no say in which problems there are.
        await page.getByRole('switch', { name: 'Check addresses with the server' }).uncheck();
        const dialog = page.getByRole('dialog', { name: 'Suggested fixes' });
        const kind = (title) => dialog.locator('.fix').filter({ has: page.getByRole('heading', { name: new RegExp(`^${title.replace(/[?]/g, '\\?')} \\d`) }) });
        await button(page, 'Suggested fixes').click();
        await kind(CURES[0][0]).waitFor();
        await axe(page, `fixing problems at ${viewport.width} px`, { covered: true });
        for (const [title, way, line, said, [row, column, text]] of CURES) {
          const group = kind(title);
          const before = await review.text(row, column);
          if (way) await field(group, 'How').selectOption(way);
          await waitFor(async () => {
            const lines = (await group.getByRole('row').allInnerTexts()).map((words) => words.replaceAll(/\s+/g, ' ').trim());
            assert.ok(lines.includes(line), `${title}: ${JSON.stringify(lines)}`);
          });
          const undone = async () => {
            await button(dialog, 'Undo').click();
            await dialog.getByRole('status').filter({ hasText: 'The last step was taken back.' }).waitFor();
            await review.shows(row, column, before);
            await group.waitFor();
          };
          const fixed = async () => {
            if (way) await field(group, 'How').selectOption(way);
            await group.getByRole('button', { name: /^Fix \d/ }).click();
            await dialog.getByRole('status').filter({ hasText: `${title}: ${said}` }).waitFor();
            await review.shows(row, column, text);
            await group.waitFor({ state: 'detached' });
          };
          await fixed();
          // The keyboard is still within the dialog.
          assert.equal(await page.evaluate(() => document.activeElement?.closest('dialog[open]') !== null), true, title);
          await undone();
          await fixed();
        }
        await dialog.getByText('There are no problems.').waitFor();
        await button(dialog, 'Done').click();
        for (const _ of CURES) await page.keyboard.press('Control+z');
        await review.shows(1, 2, ROWS[0][0]);
        await waitFor(async () => assert.equal(await review.rowCount(), ROWS.length + 1));
        assert.equal(await button(page, 'Undo').isDisabled(), true);
      },
      { viewport },
    );
  });
}

test('only problems, one kind, F8 and back, one key for the cell and one for all', LIMIT, async () => {
  await inBrowser('fixing-keys', async (page, review) => {
    const chips = page.getByRole('group', { name: 'Which rows are shown' });
    const active = (row, column) =>
      waitFor(async () => assert.ok((await review.cell(row, column).getAttribute('class')).includes('is-active'), `${row} ${column}`));
    await review.cell(1, 2).click();
    await page.keyboard.press('F8');
    await active(2, 2);
    await page.keyboard.press('F8');
    await active(3, 2);
    await page.keyboard.press('Shift+F8');
    await active(2, 2);
    // All of the kind, in one step.
    await page.keyboard.press('Alt+Shift+Enter');
    await review.shows(1, 2, 'ann@fix.test');
    await review.shows(2, 2, 'bea@fix.test');
    await page.keyboard.press('Control+z');
    await review.shows(1, 2, 'ann at fix.test');
    await review.shows(2, 2, 'bea at fix.test');

    await chips.getByRole('button', { name: '“at” instead of @' }).click();
    await waitFor(async () => assert.equal(await review.rowCount(), 3));
    await button(page, 'Suggested fixes').click();
    const dialog = page.getByRole('dialog', { name: 'Suggested fixes' });
    await button(dialog, 'Show: Role not known').click();
    await waitFor(async () => assert.equal(await review.rowCount(), 2));
    await review.shows(1, 5, 'TEACHER');
    await page.keyboard.press('Alt+Enter');
    await review.shows(1, 5, 'instructor');
    await chips.getByRole('button', { name: 'All rows' }).click();
    await waitFor(async () => assert.equal(await review.rowCount(), ROWS.length + 1));

    // Asked once more, the server is asked about every address.
    const again = button(page, 'Check again');
    await again.waitFor();
    const asked = page.waitForRequest('**/api/imports/check');
    await again.click();
    assert.match((await asked).postData(), /dee@fix\.test/);
    await again.waitFor();
  });
});
