// The work on a list is not lost: by leaving its page, by another file, by a paste, by
// signing out, or while rows are on their way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, fromProfile, link, signIn, startBrowser, withPage } from '../fixtures/browser.mjs';
import { makeCsv, toCsv } from '../fixtures/csv.mjs';
import { INVITE, loaded, reviewGrid, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { startServer } from '../fixtures/server.mjs';

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

const inBrowser = (name, body, options = {}) =>
  withPage(browser, server.url, name, options, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await body(page);
  });
const dialog = (page, name) => page.getByRole('dialog', { name });
const inDialog = (page, name, choice) => dialog(page, name).getByRole('button', { name: choice, exact: true });
const toast = (page, text) => page.locator('.toast').filter({ hasText: text });
const ROWS = [
  ['ola.work@example.test', 'Ola', 'Berg'],
  ['pia.work@example.test', 'Pia', 'Lind'],
];
const people = (rows = ROWS) => toCsv(['email', 'first_name', 'last_name'], rows);

/** Uploads two rows and changes a name. */
async function edited(page) {
  await upload(page, people());
  const review = await loaded(page, 2);
  await review.type(1, await review.column(/first/i), 'Olaf');
  return review;
}

/** Pastes into the page, outside of any field. */
const paste = (page, text, picture) =>
  page.evaluate(
    ([words, withPicture]) => {
      const data = new DataTransfer();
      data.setData('text/plain', words);
      if (withPicture) data.items.add(new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], 'image.png', { type: 'image/png' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    },
    [text, picture],
  );

test('work: the list stands there again after a link, Back and the profile menu', LIMIT, async () => {
  await inBrowser('work-kept', async (page) => {
    const review = await edited(page);
    const first = await review.column(/first/i);
    await page.getByRole('switch', { name: 'Check addresses with the server' }).uncheck();
    const back = async () => {
      await link(page, 'Invite').first().click();
      await page.waitForURL(`**${INVITE}`);
      await review.shows(1, first, 'Olaf');
    };
    await link(page, 'People').first().click();
    await page.waitForURL('**/people');
    await back();
    await page.getByText('people.csv', { exact: true }).first().waitFor();
    // Whoever switched the check off does not find it on.
    assert.equal(await page.getByRole('switch', { name: 'Check addresses with the server' }).isChecked(), false);
    await button(page, 'Undo').click();
    await review.shows(1, first, 'Ola');
    await button(page, 'Redo').click();
    await review.shows(1, first, 'Olaf');

    await page.goBack();
    await page.waitForURL('**/people');
    await page.goForward();
    await review.shows(1, first, 'Olaf');

    // Half typed is typed.
    await review.cell(2, first).click();
    await page.keyboard.type('Piet');
    await page.goBack();
    await page.waitForURL('**/people');
    await back();
    await review.shows(2, first, 'Piet');

    await fromProfile(page, 'Settings');
    await page.waitForURL('**/settings');
    await page.goBack();
    await review.shows(1, first, 'Olaf');
  });
});

test('work: signing out asks where rows were not submitted, and forgets them', LIMIT, async () => {
  await inBrowser('work-sign-out', async (page) => {
    await edited(page);
    await link(page, 'People').first().click();
    await page.waitForURL('**/people');
    await fromProfile(page, 'Sign out');
    await inDialog(page, 'Sign out?', 'Cancel').click();
    await dialog(page, 'Sign out?').waitFor({ state: 'hidden' });
    await link(page, 'Invite').first().click();
    await reviewGrid(page).grid.waitFor();
    await fromProfile(page, 'Sign out');
    await inDialog(page, 'Sign out?', 'Sign out').click();
    await page.waitForURL('**/sign-in*');
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await page.getByText('No list yet').waitFor();
  });
});

test('work: leaving while rows are on their way asks', LIMIT, async () => {
  await inBrowser('work-submitting', async (page) => {
    // So that Back stays within the page.
    await link(page, 'People').first().click();
    await page.waitForURL('**/people');
    await link(page, 'Invite').first().click();
    const review = await edited(page);
    const held = [];
    await page.route('**/api/imports/begin', (route) => {
      held.push(route);
    });
    await button(page, 'Submit').click();
    await waitFor(async () => assert.equal(held.length, 1));
    // Nothing changes meanwhile, and that is said.
    await review.cell(1, 2).click();
    await page.keyboard.type('x');
    await toast(page, 'The rows are being submitted.').waitFor();

    const question = 'Leave while the rows are submitted?';
    await link(page, 'People').first().click();
    await inDialog(page, question, 'Cancel').click();
    await dialog(page, question).waitFor({ state: 'hidden' });
    assert.equal(new URL(page.url()).pathname, INVITE);
    await page.goBack();
    await dialog(page, question).waitFor();
    assert.equal(new URL(page.url()).pathname, INVITE);
    await inDialog(page, question, 'Cancel').click();
    await dialog(page, question).waitFor({ state: 'hidden' });
    await link(page, 'People').first().click();
    await inDialog(page, question, 'Leave').click();
    await page.waitForURL('**/people');
    await page.unroute('**/api/imports/begin');
    await link(page, 'Invite').first().click();
    await review.shows(1, await review.column(/first/i), 'Olaf');
    await submit(page);
    await page.getByRole('status').filter({ hasText: '2 invited' }).waitFor();
  }, { expected: [/Failed to load resource/] });
});

test('work: rows of a spreadsheet are pasted, although a picture comes with them', LIMIT, async () => {
  await inBrowser('work-paste', async (page) => {
    await page.getByText('No list yet').waitFor();
    await paste(page, 'email\tfirst_name\nquin.work@example.test\tQuin\nbad\tRia\n', true);
    const review = await loaded(page, 2);
    assert.equal(await review.text(1, await review.column(/first/i)), 'Quin');
    await page.locator('[aria-live=polite]', { hasText: 'Pasted text: 2 rows, 1 with problems.' }).waitFor({ state: 'attached' });
    // What was pasted stands in no file.
    await button(page, 'Remove this list').click();
    await dialog(page, 'Remove this list?').getByText('Nothing of this list was submitted.', { exact: false }).waitFor();
    await inDialog(page, 'Remove this list?', 'Remove').click();
    await page.getByText('No list yet').waitFor();
  });
});

test('work: another file can be taken back, and one that is refused changes nothing', LIMIT, async () => {
  await inBrowser('work-replaced', async (page) => {
    const review = await edited(page);
    const first = await review.column(/first/i);
    const choose = async (name, buffer) => {
      const chooser = page.waitForEvent('filechooser');
      await button(page, 'Upload CSV').click();
      await (await chooser).setFiles({ name, mimeType: 'text/csv', buffer });
    };
    await choose('other.csv', Buffer.from(people([['sam.work@example.test', 'Sam', 'Ek']])));
    await review.shows(1, first, 'Sam');
    await toast(page, 'The list was replaced by “other.csv”.').getByRole('button', { name: 'Undo' }).click();
    await review.shows(1, first, 'Olaf');
    await page.getByText('people.csv', { exact: true }).first().waitFor();

    // A long file that is half read, and a picture: the list from before both is back.
    await page.evaluate(() => {
      const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = async function held() {
        if (this.size > 300_000) {
          await new Promise((resolve) => {
            globalThis.readOn = resolve;
          });
        }
        return read.call(this);
      };
    });
    const { csv, table } = makeCsv(60_000);
    const halfRead = async () => {
      await choose('long.csv', Buffer.from(csv));
      await review.shows(1, first, table[0][1]);
      await waitFor(async () => assert.equal(await page.evaluate(() => typeof globalThis.readOn), 'function'));
    };
    const asBefore = async () => {
      await page.evaluate(() => {
        globalThis.readOn();
        delete globalThis.readOn;
      });
      await review.shows(1, first, 'Olaf');
      assert.equal(await review.rowCount(), 3);
      await page.getByText('people.csv', { exact: true }).first().waitFor();
    };
    await halfRead();
    await choose('picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]));
    await page.getByText('“picture.csv” was not read. This is a picture.', { exact: false }).waitFor();
    await asBefore();
    await halfRead();
    await button(page, 'Cancel').click();
    await asBefore();
    // One that is refused at once changes nothing either.
    await choose('empty.csv', Buffer.from(''));
    await page.getByText('“empty.csv” was not read. The file is empty.', { exact: false }).waitFor();
    await review.shows(1, first, 'Olaf');
  });
});

test('work: what stays after a submit is work, and the first problem comes first', LIMIT, async () => {
  await inBrowser('work-left', async (page) => {
    await upload(page, people([['bad', 'Tea', 'Moe'], ...ROWS.map(([, ...names], at) => [`uno.${at}@example.test`, ...names])]));
    const review = await loaded(page, 3);
    await button(page, 'Next problem').click();
    await waitFor(async () => assert.ok((await review.cell(1, 2).getAttribute('class')).includes('is-active')));
    await submit(page);
    await page.getByRole('status').filter({ hasText: '1 stays here' }).waitFor();
    await button(page, 'Remove this list').click();
    await dialog(page, 'Remove this list?').getByText('2 rows were submitted before', { exact: false }).waitFor();
    await inDialog(page, 'Remove this list?', 'Cancel').click();
    await fromProfile(page, 'Sign out');
    await dialog(page, 'Sign out?').waitFor();
  });
});

test('work: a step back is shown where it acted, at the end of a long list', LIMIT, async () => {
  await inBrowser('work-undo', async (page) => {
    const { csv, table } = makeCsv(30_000, { bad: 0.001 });
    await upload(page, csv);
    const review = await loaded(page, 30_000);
    const note = await review.column(/note/i);
    await review.cell(1, 2).click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('changed');
    await page.keyboard.press('Enter');
    await review.shows(30_000, note, 'changed');
    await page.getByRole('group', { name: 'Which rows are shown' }).getByRole('button', { name: 'Problems' }).click();
    await page.keyboard.press('Control+z');
    await review.shows(30_000, note, table[29_999].at(-1));
    assert.equal(await review.rowCount(), 30_001);
  });
});

test('work: a second list stands at its own place, in widths of its own', LIMIT, async () => {
  await inBrowser('work-second', async (page) => {
    const { csv } = makeCsv(400, { bad: 0, missing: 0, duplicate: 0 });
    await upload(page, csv);
    const review = await loaded(page, 400);
    const width = async () => Math.round((await review.header(/^first_name/).boundingBox()).width);
    const edge = await review.header(/^first_name/).locator('.grid__resize').boundingBox();
    const before = await width();
    await page.mouse.move(edge.x + 1, edge.y + 9);
    await page.mouse.down();
    await page.mouse.move(edge.x + 121, edge.y + 9, { steps: 4 });
    await page.mouse.up();
    await waitFor(async () => assert.equal(await width(), before + 120));
    await review.cell(1, 2).click();
    await page.keyboard.press('Control+End');
    await waitFor(async () => assert.ok((await review.cell(400, 10).getAttribute('class')).includes('is-active')));

    await upload(page, toCsv(['first_name', 'email'], makeRowsOf(300)));
    await loaded(page, 300);
    await review.shows(1, 2, 'Nr 1');
    assert.ok((await review.cell(1, 2).getAttribute('class')).includes('is-active'));
    assert.notEqual(await width(), before + 120);
    assert.equal(await page.getByText('Row 1 of 300', { exact: true }).count(), 1);
  });
});

const makeRowsOf = (count) => Array.from({ length: count }, (_, at) => [`Nr ${at + 1}`, `nr${at + 1}@second.test`]);

test('work: a file that is dropped while rows are on their way waits, and says so', LIMIT, async () => {
  await inBrowser('work-drop', async (page) => {
    const review = await edited(page);
    const held = [];
    await page.route('**/api/imports/begin', (route) => {
      held.push(route);
    });
    await button(page, 'Submit').click();
    await waitFor(async () => assert.equal(held.length, 1));
    const files = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['email\nlate@example.test\n'], 'late.csv', { type: 'text/csv' }));
      return data;
    });
    await page.locator('.dropzone').dispatchEvent('drop', { dataTransfer: files });
    await toast(page, 'The rows are being submitted. Choose the file again when that is done.').waitFor();
    assert.equal(await review.rowCount(), 3);
    await held[0].continue();
    await page.unroute('**/api/imports/begin');
    await page.getByRole('status').filter({ hasText: 'invited' }).first().waitFor();
    // Now it is taken.
    await page.locator('.dropzone').dispatchEvent('drop', { dataTransfer: files });
    await page.getByText('late.csv', { exact: true }).first().waitFor();
    await review.shows(1, 2, 'late@example.test');
  });
});

test('work: Map columns begins at the column that was asked for, and gives the focus back', LIMIT, async () => {
  await inBrowser('work-mapping', async (page) => {
    const review = await edited(page);
    const focused = (locator) => waitFor(async () => assert.equal(await locator.evaluate((element) => element === document.activeElement), true));
    await review.cell(1, 4).click();
    await page.keyboard.press('Alt+ArrowDown');
    await page.getByRole('menuitem', { name: 'Map to a field' }).click();
    const mapping = dialog(page, 'Map columns');
    await focused(mapping.getByLabel('Column last_name is', { exact: true }));
    await mapping.getByText('The header is the template’s').first().waitFor();
    // A column that moves keeps the focus on its button, at the end on the one beside it.
    const left = mapping.getByRole('button', { name: 'Move last_name left', exact: true });
    await left.focus();
    await page.keyboard.press('Enter');
    await waitFor(async () => assert.equal(await review.column(/^last_name/), 3));
    await focused(left);
    await page.keyboard.press('Enter');
    await waitFor(async () => assert.equal(await review.column(/^last_name/), 2));
    await focused(mapping.getByRole('button', { name: 'Move last_name right', exact: true }));
    await page.keyboard.press('Escape');
    await mapping.waitFor({ state: 'hidden' });
    await waitFor(async () => assert.equal(await page.evaluate(() => document.activeElement?.closest('[role=grid]') !== null), true));
  });
});

test('work: a press beside a dialog closes it, one that began inside does not', LIMIT, async () => {
  await inBrowser('work-backdrop', async (page) => {
    await edited(page);
    const asked = dialog(page, 'Go to row');
    await button(page, 'Go to row').click();
    const input = asked.getByLabel('Row number', { exact: true });
    await input.fill('12');
    const box = await input.boundingBox();
    await page.mouse.move(box.x + 10, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(8, 8, { steps: 3 });
    await page.mouse.up();
    assert.equal(await input.inputValue(), '12');
    await page.mouse.click(8, 8);
    await asked.waitFor({ state: 'hidden' });
  });
});
