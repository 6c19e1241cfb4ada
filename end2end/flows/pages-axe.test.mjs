// Every page, light and dark, on a desk and on a phone: axe finds nothing, and
// nothing is wider than the screen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, openPage, picture, settled, signIn, startBrowser } from '../fixtures/browser.mjs';
import { makeCsv } from '../fixtures/csv.mjs';
import { INVITE, loaded, upload } from '../fixtures/grid.mjs';
import { PEOPLE, startServer } from '../fixtures/server.mjs';

const LIMIT = { timeout: 240_000 };
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

/** Each page: where it is, who looks, and what must be there before axe looks. */
const PAGES = [
  { name: 'sign-in', path: '/sign-in' },
  { name: 'link that is unknown', path: `/i#${'A'.repeat(43)}` },
  { name: 'not found', path: '/no-such-page' },
  { name: 'demo mailbox', path: '/demo/mailbox' },
  { name: 'home of a learner', path: '/home', who: PEOPLE.learner },
  { name: 'data manager', path: '/data-manager', who: PEOPLE.super },
  { name: 'management', path: '/t/acme/management', who: PEOPLE.acme },
  { name: 'invite', path: INVITE, who: PEOPLE.acme },
  { name: 'invite with rows', path: INVITE, who: PEOPLE.acme, prepare: fillGrid },
  { name: 'invitations', path: '/t/acme/management/invitations', who: PEOPLE.acme },
  { name: 'imports', path: '/t/acme/management/imports', who: PEOPLE.acme },
  { name: 'people', path: '/t/acme/management/people', who: PEOPLE.acme },
  { name: 'a foreign tenant', path: '/t/globex/management', who: PEOPLE.acme },
  { name: 'settings', path: '/settings', who: PEOPLE.acme },
];

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

async function fillGrid(page) {
  const { csv } = makeCsv(60, { bad: 0.2, missing: 0.1 });
  await upload(page, csv);
  await loaded(page, 60);
}

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of SIZES) {
    test(`axe on every page, ${colorScheme}, ${viewport.width} px`, LIMIT, async () => {
      // One context per person: signing in is throttled, as it should be.
      const open = new Map();
      const failures = [];
      try {
        for (const { name, path, who, prepare } of PAGES) {
          if (!open.has(who)) {
            const page = await openPage(browser, server.url, { colorScheme, viewport, expected: [/status of 40[134]/] });
            open.set(who, page);
            if (who) await signIn(page, who);
          }
          const page = open.get(who);
          try {
            await page.goto(path);
            await page.getByRole('main').getByRole('heading').first().waitFor();
            await settled(page);
            if (prepare) await prepare(page);
            await axe(page, `${name} (${path})`);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the screen`);
          } catch (error) {
            await picture(page, `axe-${name}-${colorScheme}-${viewport.width}`);
            failures.push(`${name}: ${error.message}`);
          }
        }
      } finally {
        for (const page of open.values()) {
          await page.finish().catch((error) => failures.push(error.message));
        }
      }
      assert.deepEqual(failures, []);
    });
  }
}
