// `cargo xtask bench submit`: 10,000 rows, courses in half of them, 20 % of the people
// with accounts (of those whom the demo's tenants list); from the click on Submit to the
// outcomes on screen. A run counts only if what became of the rows is right.
import assert from 'node:assert/strict';
import { openPage, signIn, startBrowser } from '../fixtures/browser.mjs';
import { makeRows, toCsv } from '../fixtures/csv.mjs';
import { INVITE, loaded, submit, upload } from '../fixtures/grid.mjs';
import { startServer } from '../fixtures/server.mjs';
import { shown, summary } from './stats.mjs';

const ROWS = 10_000;
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const LIMIT = 3_000;
/** Courses of the demo: shared ones, and Acme's own. */
const COURSES = ['STAT-101', 'MATH-101', 'CS-101', 'DATA-101', 'WRIT-101', 'SAFE-101', 'ACME-ONB', 'BIO-101', 'NURS-101'];

const times = [];
const browser = await startBrowser();
try {
  for (let run = 0; run < RUNS; run += 1) {
    // A fresh database each time: a second submit of the list makes nothing.
    const server = await startServer();
    try {
      times.push(await once(server, run));
      console.log(`run ${run + 1}: ${times.at(-1).toFixed(0)} ms`);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
}
const result = summary(times);
console.log(`\nSubmit of ${ROWS} rows → outcomes on screen: ${shown(result)}; the limit is ${LIMIT} ms`);
process.exit(result.median > LIMIT ? 1 : 0);

async function once(server, run) {
  const members = await people(server, 'acme');
  const accounts = [...new Set([...(await people(server, 'globex')), ...members])];
  assert.ok(accounts.length >= ROWS / 5, `${accounts.length} accounts are fewer than a fifth of the rows`);
  const page = await openPage(browser, server.url);
  await signIn(page, 'admin@acme.test');
  const { header, table } = makeRows(ROWS, { seed: 42 + run, bad: 0, missing: 0, duplicate: 0, courses: COURSES, coursesIn: 0.5 });
  // One row in five is somebody with an account, as long as there are any.
  let already = 0;
  for (let index = 0; index < table.length && index / 5 < accounts.length; index += 5) {
    table[index][0] = accounts[index / 5];
    table[index][7] = '';
    // A member who is offered no course is offered nothing new.
    if (members.includes(accounts[index / 5]) && table[index][5] === '') already += 1;
  }
  assert.ok(already > 0, 'some are members already');
  await page.goto(INVITE);
  await upload(page, toCsv(header, table));
  await loaded(page, ROWS);
  const took = await submit(page, 120_000);
  const [done] = await page.evaluate(ask, ['imports/list', { tenant: 'acme' }]);
  assert.equal(done.state, 'done');
  assert.equal(Object.values(done.outcomes).reduce((sum, rows) => sum + rows, 0), ROWS, 'every row has its outcome');
  assert.deepEqual(done.outcomes, { created: ROWS - already, already_member: already });
  await page.context().close();
  return took;
}

/** Everybody of a tenant, as its admin sees them: the list of people to its end. */
async function people(server, tenant) {
  const page = await openPage(browser, server.url);
  await signIn(page, `admin@${tenant}.test`);
  const found = [];
  let after = null;
  do {
    const answer = await page.evaluate(ask, ['people/list', { input: { tenant, search: '', after } }]);
    found.push(...answer.people.map((person) => person.email));
    after = answer.next;
  } while (after);
  await page.context().close();
  return found;
}

/** Runs in the page: one call of the server. */
async function ask([path, body]) {
  const answer = await fetch(`/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}
