// One big one: 100,000 rows, of which every one can be reached and is drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn, withPage } from '../fixtures/browser.mjs';
import { makeCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { startProbe, stopProbe } from '../fixtures/probe.mjs';

const ROWS = 100_000;
const LIMIT = { timeout: 600_000 };
const desk = withServer();

test('100,000 rows: scroll, jump to the last, edit, undo, edit, submit, find', LIMIT, async () => {
  await withPage(desk.browser, desk.url, 'big-one', {}, async (page) => {
    await signIn(page, 'admin@acme.test');
    await page.goto(INVITE);
    const { csv, table } = makeCsv(ROWS, { bad: 0, missing: 0, duplicate: 0 });
    await upload(page, csv, 'big-one.csv');
    const review = await loaded(page, ROWS, 120_000);
    const email = await review.column(/^\W*email/i);
    const last = await review.column(/last/i);
    assert.equal(await review.text(1, email), table[0][0]);
    assert.equal(await review.invalid().count(), 0);

    // Scroll by wheel, slowly and wildly, with the text probed at every frame.
    await review.cell(1, email).hover();
    await startProbe(page, email);
    for (const [delta, times] of [[60, 40], [900, 30], [20_000, 20], [-900, 30], [-60, 20]]) {
      for (let step = 0; step < times; step += 1) await page.mouse.wheel(0, delta);
    }
    const seen = await stopProbe(page);
    assert.ok(seen.probes > 200, `enough was probed: ${JSON.stringify(seen)}`);
    assert.ok(seen.rows > 100, `it did scroll: ${JSON.stringify(seen)}`);
    assert.equal(seen.blanks, 0, `nothing blank: ${JSON.stringify(seen)}`);
    assert.equal(seen.stales, 0, `nothing stale: ${JSON.stringify(seen)}`);

    // To the last row, by keyboard.
    // The first cell in the document may be one that waits above the edge: click where a person sees one.
    const box = await review.grid.boundingBox();
    await page.mouse.click(box.x + box.width / 3, box.y + Math.min(box.height, 400) / 2);
    await page.keyboard.press('Control+End');
    await review.cell(ROWS, email).or(review.cell(ROWS, last)).first().waitFor();
    assert.equal(await review.text(ROWS, email), table[ROWS - 1][0]);

    const before = table[ROWS - 1][2];
    const wanted = 'Zzyzxquist';
    await review.type(ROWS, last, wanted);
    await page.keyboard.press('Control+z');
    await review.shows(ROWS, last, before);
    await review.type(ROWS, last, wanted);

    await submit(page, 300_000);
    await page.goto('/t/acme/management/invitations');
    await page.getByRole('searchbox').first().fill(wanted);
    const line = page.getByRole('row').filter({ hasText: table[ROWS - 1][0] });
    await line.first().waitFor({ timeout: 60_000 });
    await waitFor(async () => assert.match(await line.first().innerText(), /Pending/));
  });
});
