// The grid's keys and its clipboard, for cells and for ranges, and what is half typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 180_000 };
const desk = withServer();
const HEADER = ['email', 'first_name', 'last_name', 'note'];
const rowsOf = (count) =>
  Array.from({ length: count }, (_, at) => [`p${at + 1}@keys.test`, `F${at + 1}`, `L${at + 1}`, `N${at + 1}`]);

const inBrowser = (name, count, body) =>
  withPage(desk.browser, desk.url, name, {}, async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: desk.url });
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await upload(page, toCsv(HEADER, rowsOf(count)));
    const review = await loaded(page, count);
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    /** The active cell has the focus and is here. */
    const at = (row, column) =>
      waitFor(async () => {
        const place = await page.evaluate(() => {
          const cell = document.activeElement?.closest('[role=gridcell]');
          return cell && [Number(cell.closest('[aria-rowindex]').ariaRowIndex) - 1, Number(cell.ariaColIndex)];
        });
        assert.deepEqual(place, [row, column]);
      });
    const selected = async (count) => waitFor(async () => assert.equal(await review.grid.locator('[role=gridcell][aria-selected="true"]').count(), count));
    await body(page, { review, press, at, selected });
  });

test('keys: every way to move and to select', LIMIT, async () => {
  await inBrowser('grid-keys-move', 200, async (page, { review, press, at, selected }) => {
    await review.cell(1, 2).click();
    await press('ArrowDown', 'ArrowRight', 'ArrowRight');
    await at(2, 4);
    await press('ArrowUp', 'ArrowLeft');
    await at(1, 3);
    await press('Control+ArrowDown');
    await at(200, 3);
    await press('Control+ArrowRight');
    await at(200, 5);
    await press('Control+ArrowLeft');
    await at(200, 2);
    await press('Control+ArrowUp', 'End');
    await at(1, 5);
    await press('Home');
    await at(1, 2);
    await press('Control+End');
    await at(200, 5);
    await press('Control+Home');
    await at(1, 2);
    await press('PageDown');
    const page1 = await page.evaluate(() => Number(document.activeElement.closest('[aria-rowindex]').ariaRowIndex) - 1);
    assert.ok(page1 > 5 && page1 < 60, `${page1}`);
    await press('PageUp');
    await at(1, 2);
    await press('Enter');
    await at(2, 2);
    await press('Shift+Enter');
    await at(1, 2);
    await press('End', 'Tab');
    await at(2, 2);
    await press('Shift+Tab');
    await at(1, 5);
    await press('Control+g');
    await field(page, 'Row number').fill('150');
    await press('Enter');
    await at(150, 5);

    // Ranges.
    await press('Control+Home', 'Shift+ArrowDown', 'Shift+ArrowRight');
    await selected(4);
    await press('Shift+Space');
    await selected(8);
    await press('Control+Home', 'Shift+Control+ArrowRight');
    await selected(4);
    await press('Control+Home', 'Control+Space', 'Control+c');
    const column = (await page.evaluate(() => navigator.clipboard.readText())).split('\r\n');
    assert.deepEqual([column.length, column[0], column[199]], [200, 'p1@keys.test', 'p200@keys.test']);
    await press('Control+a', 'Control+c');
    const all = (await page.evaluate(() => navigator.clipboard.readText())).split('\r\n');
    assert.deepEqual([all.length, all[199]], [200, 'p200@keys.test\tF200\tL200\tN200']);
    await press('Escape');
    await selected(0);
  });
});

test('keys: the handle at the corner fills down, up, across and to the end, each as one step', LIMIT, async () => {
  await inBrowser('grid-fill-handle', 60, async (page, { review, press, selected }) => {
    const handle = review.grid.locator('.grid__fill');
    const middle = async (locator) => {
      const box = await locator.boundingBox();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    /** Drags the handle over a cell. */
    const drag = async (row, column) => {
      await page.mouse.move(...(await middle(handle)));
      await page.mouse.down();
      await page.mouse.move(...(await middle(review.cell(row, column))), { steps: 4 });
      await page.mouse.up();
    };

    // Two cells are laid over the next three again and again.
    await review.cell(1, 3).click();
    await press('Shift+ArrowDown');
    await selected(2);
    await drag(5, 3);
    for (const [row, text] of [[3, 'F1'], [4, 'F2'], [5, 'F1'], [6, 'F6']]) await review.shows(row, 3, text);
    await selected(5);
    await press('Control+z');
    for (const [row, text] of [[3, 'F3'], [4, 'F4'], [5, 'F5']]) await review.shows(row, 3, text);

    // Upwards; where the pointer is nearer to another column does not matter.
    await review.cell(6, 3).click();
    await drag(3, 4);
    for (const row of [3, 4, 5, 6]) await review.shows(row, 3, 'F6');
    await review.shows(2, 3, 'F2');
    await review.shows(3, 4, 'L3');
    await press('Control+z');

    // Across.
    await review.cell(2, 3).click();
    await drag(2, 5);
    for (const column of [3, 4, 5]) await review.shows(2, column, 'F2');
    await press('Control+z');
    await review.shows(2, 5, 'N2');

    // A drag that comes back does nothing.
    await review.cell(2, 3).click();
    await drag(2, 3);
    await review.shows(2, 3, 'F2');

    // Twice on the handle: to the last row.
    await review.cell(2, 5).click();
    await handle.dblclick();
    await press('Control+End');
    await review.shows(60, 5, 'N2');
    await press('Control+z', 'Control+End');
    await review.shows(60, 5, 'N60');

    // While a cell is edited the handle is out of the way.
    await press('F2');
    assert.equal(await handle.isVisible(), false);
    await press('Escape');
    assert.equal(await handle.isVisible(), true);
  });
});

test('keys: fill, copy down and right, clear, newline; each is one step', LIMIT, async () => {
  await inBrowser('grid-keys-fill', 60, async (page, { review, press, at }) => {
    const undo = async (row, column, text) => {
      await press('Control+z');
      await review.shows(row, column, text);
    };
    // What is typed goes into all of the range, the active cell scrolled out of sight or not.
    await review.cell(1, 3).click();
    await press('Shift+Control+ArrowDown');
    await page.keyboard.type('Same');
    await press('Control+Enter');
    await review.shows(1, 3, 'Same');
    await press('Control+End');
    await review.shows(60, 3, 'Same');
    await press('Control+z');
    await review.shows(1, 3, 'F1');
    // While moving it is the active cell's text.
    await review.cell(2, 4).click();
    await press('Shift+ArrowDown', 'Shift+ArrowRight', 'Control+Enter');
    await review.shows(3, 5, 'L2');
    await review.shows(2, 5, 'L2');
    await undo(3, 5, 'N3');

    await review.cell(1, 3).click();
    await press('Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowRight', 'Control+d');
    await review.shows(3, 3, 'F1');
    await review.shows(3, 4, 'L1');
    await undo(3, 4, 'L3');
    // One row alone takes the one above it, one column the one before it.
    await review.cell(4, 3).click();
    await press('Control+d');
    await review.shows(4, 3, 'F3');
    await undo(4, 3, 'F4');
    await press('Control+r');
    await review.shows(4, 3, 'p4@keys.test');
    await undo(4, 3, 'F4');
    await press('Shift+ArrowRight', 'Shift+ArrowRight', 'Control+r');
    await review.shows(4, 5, 'F4');
    await undo(4, 5, 'N4');

    await review.cell(1, 4).click();
    await press('Shift+ArrowDown', 'Delete');
    await review.shows(2, 4, '');
    await undo(2, 4, 'L2');
    await review.cell(1, 5).click();
    await press('F2', 'Alt+Enter');
    await page.keyboard.type('two');
    await press('Enter');
    await press('ArrowUp', 'Control+c');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '"N1\ntwo"');
    await press('Backspace');
    await page.keyboard.type('new');
    await press('Tab');
    await review.shows(1, 5, 'new');
    // Rows by key.
    await review.cell(2, 2).click();
    await press('Control+Alt+-');
    await waitFor(async () => assert.equal(await review.rowCount(), 60));
    await review.shows(2, 2, 'p3@keys.test');
    await press('Control+Alt+=');
    await waitFor(async () => assert.equal(await review.rowCount(), 61));
    await review.shows(3, 2, '');
    await at(3, 2);
  });
});

test('keys: copy as text and as a table, cut, paste that tiles and that adds rows', LIMIT, async () => {
  await inBrowser('grid-keys-clipboard', 6, async (page, { review, press }) => {
    await review.cell(1, 3).click();
    await press('Shift+ArrowRight', 'Shift+ArrowDown', 'Control+c');
    const copied = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const of = async (type) => (await item.getType(type)).text();
      return { text: await of('text/plain'), html: await of('text/html') };
    });
    assert.equal(copied.text.replaceAll('\r\n', '\n'), 'F1\tL1\nF2\tL2');
    const cells = [...copied.html.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell);
    assert.deepEqual(cells, ['F1', 'L1', 'F2', 'L2']);

    // Twice its height: it is put down twice.
    await review.cell(3, 3).click();
    await press('Shift+ArrowRight', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Control+v');
    for (const [row, first, last] of [[3, 'F1', 'L1'], [4, 'F2', 'L2'], [5, 'F1', 'L1'], [6, 'F2', 'L2']]) {
      await review.shows(row, 3, first);
      await review.shows(row, 4, last);
    }
    await press('Control+z');
    await review.shows(6, 4, 'L6');

    // Past the last row: rows come, in the same step.
    await review.cell(6, 3).click();
    await press('Control+v');
    await waitFor(async () => assert.equal(await review.rowCount(), 8));
    await review.shows(7, 3, 'F2');
    await press('Control+z');
    await waitFor(async () => assert.equal(await review.rowCount(), 7));
    await review.shows(6, 3, 'F6');

    // One cell fills the range; cut takes it away, as one step each.
    await review.cell(1, 2).click();
    await press('Control+x');
    await review.shows(1, 2, '');
    await review.cell(2, 5).click();
    await press('Shift+ArrowDown', 'Shift+ArrowDown', 'Control+v');
    for (const row of [2, 3, 4]) await review.shows(row, 5, 'p1@keys.test');
    await press('Control+z');
    await review.shows(4, 5, 'N4');
    await press('Control+z');
    await review.shows(1, 2, 'p1@keys.test');
  });
});

test('keys: an input method composes, keys are its own meanwhile, and the text is kept', LIMIT, async () => {
  await inBrowser('grid-keys-ime', 3, async (page, { review, press, at }) => {
    await review.cell(1, 3).click();
    const session = await page.context().newCDPSession(page);
    await session.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 });
    // Enter ends the composition, not the cell.
    await session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 });
    await at(1, 3);
    await session.send('Input.imeSetComposition', { text: '日本', selectionStart: 2, selectionEnd: 2 });
    await session.send('Input.insertText', { text: '日本' });
    await at(1, 3);
    await press('Enter');
    await review.shows(1, 3, '日本');
    await at(2, 3);
    await press('Control+z');
    await review.shows(1, 3, 'F1');
  });
});

test('keys: half-typed text is kept where the focus goes, and Esc then Tab leaves, as is said', LIMIT, async () => {
  await inBrowser('grid-keys-leave', 3, async (page, { review, press, at }) => {
    await review.cell(1, 3).click();
    await page.keyboard.type('Half');
    // Elsewhere on the page: what is typed stays typed.
    await button(page, 'Find and replace').click();
    await field(page, 'Find').waitFor();
    await review.shows(1, 3, 'Half');
    await press('Escape');
    await review.cell(2, 3).click();
    await page.keyboard.type('More');
    await page.getByRole('heading', { level: 1 }).click();
    await review.shows(2, 3, 'More');
    // And Esc forgets it.
    await review.cell(3, 3).click();
    await page.keyboard.type('Gone');
    await press('Escape');
    await review.shows(3, 3, 'F3');

    const hint = await review.grid.getAttribute('aria-describedby');
    assert.match(await page.locator(`#${hint}`).innerText(), /^Esc, then Tab leaves the grid\./);
    await press('ArrowUp');
    await at(2, 3);
    await press('Tab');
    await at(2, 4);
    await press('Escape', 'Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.closest('[role=grid]') === null), true);
  });
});
