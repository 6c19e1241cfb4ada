// Every page, light and dark, on a desk and on a phone: axe finds nothing, and
// nothing is wider than the screen; with what opens over and inside of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, openPage, picture, settled, signIn } from '../fixtures/browser.mjs';
import { makeCsv, toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 240_000 };
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

const INVITED = { name: 'Ada Looker', email: 'ada.looker@example.test' };
const LIST = '/t/acme/management/invitations';
const letter = (page, email) => page.getByRole('navigation', { name: 'Mails' }).getByRole('link').filter({ hasText: email });

/** Each page: where it is, who looks, and what must be there before axe looks. */
const PAGES = [
  { name: 'sign-in', path: '/sign-in' },
  { name: 'forgot password', path: '/forgot' },
  { name: 'link that is unknown', path: `/i#${'A'.repeat(43)}` },
  { name: 'an offer', path: '/demo/mailbox', prepare: openOffer },
  { name: 'an offer, and its form', path: '/demo/mailbox', prepare: openForm },
  { name: 'a code', path: '/redeem' },
  { name: 'never again', path: '/never' },
  { name: 'not found', path: '/no-such-page' },
  { name: 'demo mailbox', path: '/demo/mailbox', prepare: (page) => letter(page, INVITED.email).waitFor() },
  { name: 'a mail', path: '/demo/mailbox', prepare: openMail },
  { name: 'home of a learner', path: '/home', who: PEOPLE.learner, prepare: seesOffer },
  { name: 'the question before an acceptance', path: '/home', who: PEOPLE.learner, prepare: asksToAccept },
  { name: 'data manager', path: '/data-manager', who: PEOPLE.super },
  { name: 'catalog of all tenants', path: '/data-manager/catalog', who: PEOPLE.super, prepare: (page) => page.getByRole('row').nth(3).waitFor() },
  { name: 'upload users', path: '/data-manager/upload/users', who: PEOPLE.super },
  { name: 'catalog invitation apps', path: '/data-manager/catalog-invitation-apps', who: PEOPLE.super },
  { name: 'an app’s list', path: '/data-manager/catalog-invitation-apps/platform', who: PEOPLE.super, prepare: seesLines },
  { name: 'the record of all tenants', path: '/data-manager/audit', who: PEOPLE.super, prepare: seesRecord },
  { name: 'a form of an app', path: '/data-manager/catalog-invitation-apps/course/add', who: PEOPLE.super },
  { name: 'management', path: '/t/acme/management', who: PEOPLE.acme, prepare: seesLines },
  { name: 'profile menu', path: '/t/acme/management', who: PEOPLE.acme, prepare: (page) => button(page, 'Profile').click() },
  { name: 'the phone’s navigation', path: '/t/acme/management', who: PEOPLE.acme, only: 390, covered: true, prepare: (page) => button(page, 'Menu').click() },
  { name: 'placeholders', path: '/t/acme/management/placeholders', who: PEOPLE.acme },
  { name: 'invite', path: INVITE, who: PEOPLE.acme },
  { name: 'invite with rows', path: INVITE, who: PEOPLE.acme, prepare: fillGrid },
  { name: 'invitations', path: LIST, who: PEOPLE.acme, prepare: seesLines },
  { name: 'an unfolded line', path: LIST, who: PEOPLE.acme, prepare: unfold },
  { name: 'the question before a revoke', path: LIST, who: PEOPLE.acme, prepare: asksToRevoke },
  { name: 'the unfolded filters', path: LIST, who: PEOPLE.acme, prepare: unfoldFilters },
  { name: 'selected lines', path: LIST, who: PEOPLE.acme, prepare: select },
  { name: 'an invitation', path: LIST, who: PEOPLE.acme, prepare: openInvitation },
  { name: 'imports', path: '/t/acme/management/imports', who: PEOPLE.acme },
  { name: 'people', path: '/t/acme/management/people', who: PEOPLE.acme },
  { name: 'a member that is edited', path: '/t/acme/management/people', who: PEOPLE.acme, prepare: editsMember },
  { name: 'catalog', path: '/t/acme/management/catalog', who: PEOPLE.acme, prepare: seesItems },
  { name: 'a course that is added', path: '/t/acme/management/catalog', who: PEOPLE.acme, prepare: addsProgram },
  { name: 'tenant settings', path: '/t/acme/management/settings', who: PEOPLE.acme, prepare: (page) => field(page, 'Time zone').waitFor() },
  { name: 'the record of a tenant', path: '/t/acme/management/audit', who: PEOPLE.acme, prepare: seesRecord },
  { name: 'a foreign tenant', path: '/t/globex/management', who: PEOPLE.acme },
  { name: 'settings', path: '/settings', who: PEOPLE.acme },
];

const desk = withServer({ ready: fillServer });

/** The pages are not to be empty: somebody is invited, and the mails have gone out. */
async function fillServer() {
  const page = await openPage(desk.browser, desk.url);
  await signIn(page, PEOPLE.acme);
  await page.goto(INVITE);
  const rows = [
    [INVITED.email, 'Ada', 'Looker', 'STAT-101|MATH-101'],
    [PEOPLE.learner, '', '', 'BIO-101'],
  ];
  await upload(page, toCsv(['email', 'first_name', 'last_name', 'courses'], rows));
  await loaded(page, rows.length);
  await submit(page);
  await page.goto('/demo/mailbox');
  for (const [email] of rows) await letter(page, email).first().waitFor({ timeout: 60_000 });
  await page.finish();
}

async function openMail(page) {
  await letter(page, INVITED.email).first().click();
  await page.getByRole('heading', { level: 2 }).or(page.locator('.letter__subject')).first().waitFor();
  await settled(page);
}

/** Follows the link in the mail's text. */
async function openOffer(page) {
  await openMail(page);
  await page.getByRole('tab', { name: /text/i }).click();
  const text = await page.locator('pre.letter__text').innerText();
  await page.goto(/https?:\/\/\S+\/i#\S+/.exec(text)[0]);
  await page.getByRole('main').getByText('Acme Academy').first().waitFor();
  await settled(page);
}

async function openForm(page) {
  await openOffer(page);
  const register = page.getByRole('main').getByRole('button').first();
  if (!(await field(page, 'Password').isVisible())) await register.click();
  await field(page, 'Password').waitFor();
  await settled(page);
}

async function seesOffer(page) {
  await button(page, 'Accept').first().waitFor();
}

async function asksToAccept(page) {
  await button(page, 'Accept').first().click();
  await page.getByRole('dialog').waitFor();
}

async function seesLines(page) {
  await page.getByRole('row').filter({ hasText: INVITED.email }).first().waitFor();
}

async function seesRecord(page) {
  await page.getByRole('region', { name: 'Record' }).getByRole('row').nth(1).waitFor();
}

async function unfold(page) {
  await button(page, `What ${INVITED.email} is invited to`).click();
  await page.locator('.row--detail').waitFor();
}

async function editsMember(page) {
  await button(page, 'Edit').first().click();
  await page.getByRole('dialog').getByLabel('Role', { exact: true }).waitFor();
}

async function seesItems(page) {
  await page.getByRole('region', { name: 'Catalog' }).getByRole('row').nth(1).waitFor();
}

async function addsProgram(page) {
  await button(page, 'Add program').click();
  await page.getByRole('dialog').getByLabel('Key', { exact: true }).waitFor();
}

async function unfoldFilters(page) {
  await button(page, 'Filter and sort').click();
  await field(page, 'Invited by').waitFor();
}

async function select(page) {
  await page.getByRole('checkbox', { name: `Select ${INVITED.email}`, exact: true }).first().check();
  await page.getByRole('toolbar', { name: 'Selected invitations' }).waitFor();
}

async function openInvitation(page) {
  await page.getByRole('row').filter({ hasText: INVITED.email }).first().getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await settled(page);
}

async function asksToRevoke(page) {
  await page.getByRole('row').filter({ hasText: INVITED.email }).getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByRole('dialog').waitFor();
}

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
        for (const { name, path, who, prepare, only, covered } of PAGES) {
          if (only && only !== viewport.width) continue;
          if (!open.has(who)) {
            const page = await openPage(desk.browser, desk.url, { colorScheme, viewport, expected: [/status of 40[134]/] });
            open.set(who, page);
            if (who) await signIn(page, who);
          }
          const page = open.get(who);
          try {
            await page.goto(path);
            await page.getByRole('main').getByRole('heading').first().waitFor();
            await settled(page);
            await fits(page, name);
            if (prepare) {
              await prepare(page);
              await fits(page, `${name}, prepared,`);
            }
            await axe(page, `${name} (${path})`, { covered });
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

async function fits(page, name) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the screen`);
}
