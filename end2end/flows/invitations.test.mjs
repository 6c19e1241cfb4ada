// What happens to invitations after they were made: found, filtered, unfolded, resent,
// revoked, page by page; and answered by people who have an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, fromProfile, link, openPage, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { PASSWORD, PEOPLE } from '../fixtures/server.mjs';
import { linksUnder, startSmtp } from '../fixtures/smtp.mjs';

const LIMIT = { timeout: 180_000 };
const LIST = '/t/acme/management/invitations';
let smtp;
const desk = withServer({
  before: async () => {
    smtp = await startSmtp();
    return { args: ['--smtp-url', smtp.url, '--mail-hold-seconds', '0'] };
  },
  after: () => smtp?.stop(),
});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

/** Invites by a list, as an admin does, and waits until it is done. */
async function invite(page, header, rows) {
  await page.goto(INVITE);
  await upload(page, toCsv(header, rows));
  await loaded(page, rows.length);
  await submit(page);
}

async function linkFor(email, nth = 1) {
  const mail = await smtp.mime(email, { nth });
  return linksUnder(mail.text, desk.url).find((url) => new URL(url).pathname === '/i');
}

const line = (page, email) => page.getByRole('row').filter({ hasText: email });
const lines = (page) => page.getByRole('region', { name: 'Invitations' }).locator('tbody tr:not(.row--detail)');
const chip = (page, name) => page.getByRole('group', { name: 'Status' }).getByRole('button', { name, exact: true });
const count = async (page, name) => Number((await chip(page, name).locator('.chip__count').innerText()).replaceAll(',', ''));
const shows = (page, email, status) => line(page, email).getByText(status, { exact: true }).waitFor({ timeout: 30_000 });

test('filter by chip and by address, search, unfold; a reload keeps it', LIMIT, async () => {
  await inBrowser('invitations-filter', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name', 'courses'], [
      ['find.me@example.test', 'Fenja', 'STAT-101|MATH-101'],
      ['revoke.me@example.test', 'Rasmus', ''],
    ]);
    await page.goto(LIST);
    await shows(page, 'find.me@example.test', 'Pending');
    const pending = await count(page, 'Pending');
    const revoked = await count(page, 'Revoked');
    await line(page, 'revoke.me@example.test').getByRole('button', { name: 'Revoke', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke the invitation of Rasmus?' });
    await axe(page, 'the question before a revoke');
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await shows(page, 'revoke.me@example.test', 'Revoked');
    await waitFor(async () => assert.deepEqual([await count(page, 'Pending'), await count(page, 'Revoked')], [pending - 1, revoked + 1]));

    await chip(page, 'Revoked').click();
    await line(page, 'find.me@example.test').waitFor({ state: 'detached' });
    await line(page, 'revoke.me@example.test').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('status'), 'revoked');
    await page.reload();
    await line(page, 'revoke.me@example.test').waitFor();
    assert.equal(await chip(page, 'Revoked').getAttribute('aria-pressed'), 'true');
    assert.equal(await line(page, 'find.me@example.test').count(), 0);

    // The search narrows what the chip left, and a link carries both.
    await page.getByRole('searchbox').fill('fenja');
    await page.getByText('Nobody matches.').waitFor();
    await button(page, 'Clear the filters').click();
    await line(page, 'revoke.me@example.test').waitFor();
    await page.goto(`${LIST}?q=fenja&status=pending`);
    await line(page, 'find.me@example.test').waitFor();
    assert.equal(await lines(page).count(), 1);
    assert.equal(await page.getByRole('searchbox').inputValue(), 'fenja');

    const unfold = button(page, 'What find.me@example.test is invited to');
    await unfold.click();
    assert.equal(await unfold.getAttribute('aria-expanded'), 'true');
    const targets = page.locator('.row--detail').getByRole('listitem');
    await waitFor(async () => assert.ok((await targets.count()) >= 2, 'each target on a line'));
    await page.getByText(/^Dates in the time zone Europe\/Berlin\.$/).waitFor();
  });
});

test('Resend makes a new mail, and the old link is dead', LIMIT, async () => {
  const email = 'resend.me@example.test';
  await inBrowser('invitations-resend', { expected: [/status of 429/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name'], [[email, 'Rike']]);
    const old = await linkFor(email);
    await page.goto(LIST);
    await line(page, email).getByText('Sent', { exact: true }).waitFor();
    // Nobody is mailed twice within a minute: it is refused, said, and possible after that.
    await waitFor(async () => {
      await line(page, email).getByRole('button', { name: 'Resend', exact: true }).click();
      await page.getByRole('dialog', { name: 'Resend the invitation to Rike?' }).getByRole('button', { name: 'Resend', exact: true }).click();
      const said = page.getByText(`A new mail goes to ${email}.`);
      await said.or(page.getByText(/^Too many tries\./).first()).first().waitFor();
      if (!(await said.isVisible())) {
        await page.getByRole('alert').getByRole('button', { name: 'Close this message', exact: true }).first().click();
        await page.waitForTimeout(5_000);
      }
      assert.ok(await said.isVisible());
    }, 90_000);
    const fresh = await linkFor(email, 2);
    assert.notEqual(fresh, old);
    await inBrowser('invitations-resend-old', { expected: [/404/] }, async (person) => {
      await person.goto(old);
      await person.getByRole('main').getByRole('heading').first().waitFor();
      await waitFor(async () => assert.doesNotMatch(await person.getByRole('main').innerText(), /Acme/));
    });
    await inBrowser('invitations-resend-new', {}, async (person) => {
      await person.goto(fresh);
      await person.getByRole('main').getByText('Acme Academy').first().waitFor();
    });
  });
});

test('a revoke is seen in another open list, without a reload', LIMIT, async () => {
  const email = 'seen.elsewhere@example.test';
  await inBrowser('invitations-live', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name'], [[email, 'Selma']]);
    await page.goto(LIST);
    await shows(page, email, 'Pending');
    await inBrowser('invitations-live-other', {}, async (other) => {
      await signIn(other, PEOPLE.acme);
      await other.goto(LIST);
      await shows(other, email, 'Pending');
      await other.evaluate(() => {
        globalThis.__neverReloaded = true;
      });
      await line(page, email).getByRole('button', { name: 'Revoke', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
      await shows(page, email, 'Pending');
      await line(page, email).getByRole('button', { name: 'Revoke', exact: true }).click();
      await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
      await shows(other, email, 'Revoked');
      assert.equal(await other.evaluate(() => globalThis.__neverReloaded), true);
    });
  });
});

test('more than 50 lines: Show more goes on where the list ended', LIMIT, async () => {
  await inBrowser('invitations-more', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    const rows = Array.from({ length: 70 }, (_, row) => [`more.${String(row).padStart(2, '0')}@paging.test`, `More${row}`]);
    await invite(page, ['email', 'first_name'], rows);
    await page.goto(`${LIST}?q=paging.test`);
    await waitFor(async () => assert.equal(await lines(page).count(), 50));
    const asked = page.waitForRequest((request) => {
      const input = request.url().endsWith('/api/invitations/list') && request.postDataJSON().input;
      return input && input.after !== null;
    });
    await button(page, 'Show more').click();
    await asked;
    await waitFor(async () => assert.equal(await lines(page).count(), 70));
    const seen = await lines(page).locator('.invitee__mail').allInnerTexts();
    assert.equal(new Set(seen).size, 70, 'nobody twice, nobody left out');
    assert.equal(await button(page, 'Show more').count(), 0);
  });
});

test('on a phone the Menu opens the navigation, and every way out closes it', LIMIT, async () => {
  await inBrowser('invitations-phone', { viewport: { width: 390, height: 844 } }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(LIST);
    const menu = button(page, 'Menu');
    const closed = () => waitFor(async () => assert.equal(await menu.getAttribute('aria-expanded'), 'false'));
    const nav = page.getByRole('navigation', { name: 'Main' });
    await menu.click();
    await link(nav, 'People').click();
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor();
    await closed();
    // The page that one is on already; Esc; a phone that is turned.
    await menu.click();
    await link(nav, 'People').click();
    await closed();
    await menu.click();
    await page.keyboard.press('Escape');
    await closed();
    await menu.click();
    await page.setViewportSize({ width: 844, height: 390 });
    await waitFor(async () => assert.equal(await page.getByRole('main').evaluate((main) => main.inert), false));
    await page.setViewportSize({ width: 390, height: 844 });
    await closed();
  });
});

test('a learner accepts one invitation, declines another, and has the course', LIMIT, async () => {
  await inBrowser('invitations-home-admin', {}, async (admin) => {
    await signIn(admin, PEOPLE.acme);
    await invite(admin, ['email', 'courses'], [[PEOPLE.learner, 'BIO-101|NURS-101']]);
  });
  await inBrowser('invitations-home', {}, async (page) => {
    await signIn(page, PEOPLE.learner);
    await fromProfile(page, 'Acme Academy');
    await page.getByRole('heading', { name: 'My invitations' }).waitFor();
    const waiting = page.getByRole('region', { name: 'My invitations' }).locator('article:not(.is-done)');
    await waitFor(async () => assert.ok((await waiting.count()) >= 2));
    const before = await waiting.count();
    const title = (await waiting.first().getByRole('heading').innerText()).trim();
    await waiting.first().getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByRole('dialog', { name: `Accept ${title}?` }).getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByText(`You accepted ${title}.`).waitFor();
    await page.getByRole('region', { name: 'My courses' }).getByRole('heading', { name: title, exact: true }).first().waitFor();
    await waitFor(async () => assert.equal(await waiting.count(), before - 1));
    const other = (await waiting.first().getByRole('heading').innerText()).trim();
    await waiting.first().getByRole('button', { name: 'Decline', exact: true }).click();
    await button(page, 'Undo').waitFor();
    await axe(page, 'a refusal that can be taken back');
    await button(page, 'Undo').click();
    await page.getByText(`${other} waits for your answer again.`).waitFor();
    await waiting.first().getByRole('button', { name: 'Decline', exact: true }).focus();
    await page.keyboard.press('Enter');
    await waitFor(async () => assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Undo'));
    await page.reload();
    await button(page, 'Undo').waitFor();
    await waitFor(async () => assert.equal(await waiting.count(), before - 2));
    await page.getByText('Earlier invitations').waitFor();
  });
});

test('whoever has an account accepts by signing in', LIMIT, async () => {
  // Somebody with an account who is no member of Acme yet.
  const email = PEOPLE.globex;
  await inBrowser('invitations-account-admin', {}, async (admin) => {
    await signIn(admin, PEOPLE.acme);
    await invite(admin, ['email', 'first_name'], [[email, 'Somebody']]);
    await inBrowser('invitations-account', { expected: [/status of 40[134]/] }, async (person) => {
      await person.goto(await linkFor(email));
      const main = person.getByRole('main');
      await main.getByText('Acme Academy').first().waitFor();
      const already = main.getByRole('button', { name: /sign in/i }).or(main.getByRole('link', { name: /sign in/i })).first();
      if (!(await field(person, 'Password').isVisible())) await already.click();
      await field(person, 'Email').fill(email);
      await field(person, 'Password').fill(PASSWORD);
      await main.getByRole('button', { name: 'Sign in', exact: true }).click();
      await main.getByRole('button', { name: /^accept/i }).click();
      await button(person, 'Profile').click();
      await person.getByRole('menuitem', { name: 'Acme Academy', exact: true }).waitFor();
    });
    await admin.goto(`${LIST}?status=accepted`);
    await shows(admin, email, 'Accepted');
  });
});

test('after a sign-out elsewhere no page goes on showing what it had', LIMIT, async () => {
  await inBrowser('invitations-signed-out', { expected: [/status of 401/] }, async (page) => {
    await signIn(page, PEOPLE.learner);
    await page.goto('/home');
    await page.getByRole('heading', { name: 'My courses' }).waitFor();
    const other = await page.context().newPage();
    await other.goto('/home');
    await button(other, 'Profile').waitFor();
    await fromProfile(other, 'Sign out');
    await field(other, 'Password').waitFor();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
    await page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('next'), '/home');
  });
});

test('a session that ends while somebody edits: the same person signs in again, and the work goes on', LIMIT, async () => {
  await inBrowser('invitations-ended', { expected: [/status of (401|422)/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(INVITE);
    await upload(page, toCsv(['email', 'first_name'], [['kept.work@example.test', 'Kaja']]));
    const review = await loaded(page, 1);
    // Ended from elsewhere: the cookie is there, the session is not.
    const other = await openPage(desk.browser, desk.url);
    await signIn(other, PEOPLE.acme);
    await other.goto('/settings');
    await button(other, 'Sign out everywhere').click();
    await other.getByRole('dialog').getByRole('button', { name: /sign out/i }).click();
    await field(other, 'Password').waitFor();
    await other.context().close();

    await button(page, 'Submit').click();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    const email = dialog.getByLabel('Email', { exact: true });
    // The page asks again who is signed in, and still knows whose work it is.
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
    assert.equal(await email.inputValue(), PEOPLE.acme);
    assert.equal(await email.isDisabled(), true);
    await axe(page, 'the dialog of an ended session');
    await dialog.getByLabel('Password', { exact: true }).fill('somebody else’s password');
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.getByRole('alert').waitFor();
    assert.equal(await email.inputValue(), PEOPLE.acme);
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('status').filter({ hasText: '1 invited' }).waitFor({ timeout: 30_000 });
    assert.equal(await review.grid.count(), 0);
  });
});
