// Files as programs write them: the browser reads each as `beckon check` does, says what
// it cannot read, and lets a person choose encoding, delimiter and header with a preview.
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { axe, button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, reviewGrid, upload, waitFor } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 240_000 };
const desk = withServer();
const HERE = fileURLToPath(new URL('../../server/tests/check/', import.meta.url));
const fixture = (name) => readFile(join(HERE, 'files', name));
/** Said of columns as a whole, beside the grid. */
const OF_COLUMNS = /^(column_|header_|no_rows|email_column_missing|too_much_metadata)/;
/** The grid marks a file with escaped cells; a NUL has no text in a page. */
const LEFT_OUT = ['escaped-by-beckon.csv', 'nul.csv'];
const inBrowser = (name, body, options = {}) =>
  withPage(desk.browser, desk.url, name, options, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    await body(page);
  });
const plain = (text) => text.replaceAll(/\s+/g, ' ').trim();

async function choose(page, files) {
  const chooser = page.waitForEvent('filechooser');
  await button(page, 'Upload CSV').click();
  await (await chooser).setFiles(files);
}

test('real files: the browser reads each fixture as beckon check does', LIMIT, async () => {
  const table = await readFile(fileURLToPath(new URL('../../docs/problems.md', import.meta.url)), 'utf8');
  const titles = new Map([...table.matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \|/gm)].map(([, code, title]) => [code, title]));
  const reports = (await readdir(join(HERE, 'reports'))).map((name) => name.replace(/\.json$/, ''));
  await inBrowser('real-files', async (page) => {
    await page.getByText('No list yet').waitFor();
    for (const name of reports.filter((name) => !LEFT_OUT.includes(name))) {
      const { rows, problems } = JSON.parse(await readFile(join(HERE, 'reports', `${name}.json`), 'utf8'));
      await upload(page, await fixture(name), name);
      await page.locator('.file__name', { hasText: name }).waitFor();
      const review = await loaded(page, rows.length);
      for (const [row, cells] of rows.entries()) {
        for (const [column, cell] of cells.entries()) {
          // A delimiter at a line's end makes no column.
          if (cell === '' && column + 2 > (await review.columnCount())) continue;
          assert.equal(plain(await review.text(row + 1, column + 2)), plain(cell), `${name}: row ${row + 1}, column ${column + 1}`);
        }
      }
      const chips = await page.getByRole('group', { name: 'Which rows are shown' }).innerText();
      for (const code of new Set(problems.map((problem) => problem.code))) {
        if (OF_COLUMNS.test(code) || /^expires_(past|too_far)$/.test(code)) continue;
        assert.ok(chips.includes(titles.get(code)), `${name}: ${code} in ${chips}`);
      }
    }
  });
});

test('real files: what cannot be read says what to do', LIMIT, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'beckon-files-'));
  const large = join(folder, 'large.csv');
  const handle = await open(large, 'w');
  await handle.truncate(300 * 1024 * 1024);
  await handle.close();
  try {
    await inBrowser('real-files-refused', async (page) => {
      await page.getByText('No list yet').waitFor();
      const zip = 'This is an Excel or zip file. Save it as CSV (UTF-8) in your spreadsheet and choose that file.';
      for (const [name, sentence] of [
        ['empty.csv', 'The file is empty. Choose another one.'],
        ['renamed-png.csv', 'This is a picture. Choose a CSV file.'],
        ['libreoffice-renamed-xlsx.csv', zip],
        ['libreoffice-renamed-ods.csv', zip],
        ['blank-lines-alone.csv', 'There are no rows in it. Choose another file.'],
      ]) {
        await choose(page, { name, mimeType: 'text/csv', buffer: await fixture(name) });
        await page.getByRole('alert').filter({ hasText: `“${name}” was not read. ${sentence}` }).waitFor();
        await page.getByText('No list yet').waitFor();
      }
      await choose(page, large);
      await page.getByRole('alert').filter({ hasText: '“large.csv” was not read. The file is larger than 64 MB. Split it and upload the parts.' }).waitFor();
      await page.getByText('No list yet').waitFor();

      await choose(page, { name: 'header-only.csv', mimeType: 'text/csv', buffer: await fixture('header-only.csv') });
      await page.getByText('There is a header and no row below it: add a row for each person.').first().waitFor();
      await axe(page, 'a header alone');
      // And that can be done.
      await button(page, 'Add row').click();
      await waitFor(async () => assert.equal(await reviewGrid(page).rowCount(), 2));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** `Łukasz` and `Žofie` as Windows-1250 has them. */
const CENTRAL = Buffer.concat([
  Buffer.from('email;first_name\r\nluk@example.test;'),
  Buffer.from([0xa3]),
  Buffer.from('ukasz\r\nzof@example.test;'),
  Buffer.from([0x8e]),
  Buffer.from('ofie\r\n'),
]);

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test(`real files: encoding, delimiter and header are chosen with a preview (${viewport.width} px)`, LIMIT, async () => {
    await inBrowser(
      `real-files-options-${viewport.width}`,
      async (page) => {
        await upload(page, CENTRAL, 'central.csv');
        const review = await loaded(page, 2);
        await review.shows(1, 3, '£ukasz');
        const dialog = page.getByRole('dialog', { name: 'Reading options' });
        const preview = dialog.getByRole('region', { name: 'First rows' });
        const said = (text) => dialog.getByRole('status').filter({ hasText: text }).waitFor();
        const opened = async () => {
          await button(page, 'Reading options').click();
          await preview.waitFor();
        };
        await opened();
        await axe(page, `reading options at ${viewport.width} px`, { covered: true });
        await said('Windows-1252, semicolon · 2 columns');
        await preview.getByRole('cell', { name: '£ukasz' }).waitFor();

        // What cannot be read is named; nothing changes in the grid.
        await field(dialog, 'Encoding').selectOption('utf-8');
        await dialog.getByText('Some characters cannot be read in this encoding: line 2, first_name; line 3, first_name. Try another one.').waitFor();
        await field(dialog, 'Encoding').selectOption('windows-1250');
        await preview.getByRole('cell', { name: 'Łukasz' }).waitFor();
        await preview.getByRole('cell', { name: 'Žofie' }).waitFor();
        assert.equal(await dialog.getByText('cannot be read in this encoding', { exact: false }).count(), 0);
        await field(dialog, 'Delimiter').selectOption('44');
        await said('comma · 1 column');
        await preview.getByRole('cell', { name: 'luk@example.test;Łukasz' }).waitFor();
        await field(dialog, 'Delimiter').selectOption('');
        await field(dialog, 'Header').selectOption('none');
        await said('no header');
        await preview.getByRole('cell', { name: 'first_name' }).waitFor();
        assert.equal(await review.text(1, 3), '£ukasz');
        await button(dialog, 'Cancel').click();
        await review.shows(1, 3, '£ukasz');

        // Read so; what was changed before can be called back.
        await review.type(2, 3, 'Sofie');
        await opened();
        await field(dialog, 'Encoding').selectOption('windows-1250');
        await dialog.getByText('What you changed is set aside', { exact: false }).waitFor();
        await button(dialog, 'Apply').click();
        await review.shows(1, 3, 'Łukasz');
        await review.shows(2, 3, 'Žofie');
        await page.getByText('Windows-1250 (Central European), semicolon', { exact: false }).waitFor();
        await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
        await review.shows(2, 3, 'Sofie');
        await opened();
        await field(dialog, 'Encoding').selectOption('windows-1250');
        await button(dialog, 'Apply').click();
        await review.shows(1, 3, 'Łukasz');
        await loaded(page, 2);

        // The journal keeps the choice with the work.
        await review.type(2, 3, 'Zofia');
        await waitFor(async () => {
          const kept = await page.evaluate(
            () =>
              new Promise((resolve) => {
                const request = indexedDB.open('beckon', 1);
                request.onsuccess = () => {
                  const names = request.result.transaction('journal').objectStore('journal').getAllKeys();
                  names.onsuccess = () => {
                    request.result.close();
                    resolve(names.result.filter((name) => /\|o\d+$/.test(name)).length);
                  };
                };
              }),
          );
          assert.ok(kept > 0);
        });
        page.on('dialog', (asked) => asked.accept());
        await page.reload();
        await review.shows(1, 3, 'Łukasz');
        await review.shows(2, 3, 'Zofia');
        // It can be had from the columns' dialog as well.
        await button(page, 'Map columns').click();
        const mapping = page.getByRole('dialog', { name: 'Map columns' });
        await mapping.getByText('The header is the template’s').first().waitFor();
        await button(mapping, 'Reading options').click();
        await waitFor(async () => assert.equal(await field(dialog, 'Encoding').inputValue(), 'windows-1250'));
      },
      { viewport },
    );
  });
}
