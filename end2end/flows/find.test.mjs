// Find and replace in the review grid, with the keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 120_000 };
const desk = withServer();
const ROWS = [
  ['old.one@old.test', 'Old', 'old news'],
  ['two@old.test', 'Bo', 'none'],
  ['three@new.test', 'GOLD', 'Old'],
];

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test(`find and replace: count, next, one cell, all in one step, undo (${viewport.width} px)`, LIMIT, async () => {
    await withPage(desk.browser, desk.url, `find-${viewport.width}`, { viewport }, async (page) => {
      await signIn(page, 'admin@acme.test');
      await page.goto(INVITE);
      await upload(page, toCsv(['email', 'first_name', 'note'], ROWS));
      const review = await loaded(page, 3);
      const bar = page.getByRole('search', { name: 'Find and replace' });
      const said = (text) => bar.getByRole('status').filter({ hasText: text }).waitFor();
      const active = (row, column) =>
        waitFor(async () => assert.ok((await review.cell(row, column).getAttribute('class')).includes('is-active')));
      await review.cell(1, 2).click();
      await page.keyboard.press('Control+f');
      await bar.waitFor();
      await axe(page, `find and replace at ${viewport.width} px`);
      // The field has the keyboard.
      await page.keyboard.type('old');
      await said('Found in 6 cells.');
      await page.keyboard.press('Enter');
      await active(1, 3);
      await page.keyboard.press('Shift+Enter');
      await active(1, 2);
      await bar.getByRole('switch', { name: 'Match case' }).check();
      await said('Found in 3 cells.');
      await bar.getByRole('switch', { name: 'Match case' }).uncheck();
      await bar.getByRole('switch', { name: 'Whole cell' }).check();
      await said('Found in 2 cells.');
      await bar.getByRole('switch', { name: 'Whole cell' }).uncheck();
      await bar.getByRole('switch', { name: 'In this column' }).check();
      await said('Found in 2 cells.');

      // In this column, a cell at a time, and then all.
      await field(page, 'Replace with').fill('new');
      await button(page, 'Replace').click();
      await review.shows(1, 2, 'new.one@new.test');
      await active(2, 2);
      await bar.getByRole('switch', { name: 'In this column' }).uncheck();
      await button(page, 'Replace all').click();
      await said('Replaced in 5 cells.');
      await review.shows(2, 2, 'two@new.test');
      await review.shows(3, 3, 'Gnew');
      await button(page, 'Undo').click();
      await review.shows(2, 2, 'two@old.test');
      await review.shows(3, 3, 'GOLD');
      await button(page, 'Undo').click();
      await review.shows(1, 2, 'old.one@old.test');
      await field(page, 'Find').focus();
      await page.keyboard.press('Escape');
      await bar.waitFor({ state: 'hidden' });
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Control+h');
      await bar.waitFor();
    });
  });
}
