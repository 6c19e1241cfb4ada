// An admin's desk: filters and orders, many lines at once, the page of one invitation, a
// link that is copied.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, link, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';
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

async function invite(page, header, rows) {
  await page.goto(INVITE);
  await upload(page, toCsv(header, rows));
  await loaded(page, rows.length);
  await submit(page);
}

const line = (page, email) => page.getByRole('row').filter({ hasText: email });
const lines = (page) => page.getByRole('region', { name: 'Invitations' }).locator('tbody tr:not(.row--detail)');
const tick = (page, email) => page.getByRole('checkbox', { name: `Select ${email}`, exact: true });
const dialog = (page, name) => page.getByRole('dialog', { name });
const param = (page, name) => new URL(page.url()).searchParams.get(name);

test('desk: filters and orders stand in the address, and a reload keeps them', LIMIT, async () => {
  await inBrowser('desk-filters', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name', 'role', 'courses'], [
      ['anna.order@desk.test', 'Anna', 'instructor', ''],
      ['zoe.order@desk.test', 'Zoe', '', 'STAT-101'],
    ]);
    await page.goto(`${LIST}?q=order%40desk.test`);
    await waitFor(async () => assert.equal(await lines(page).count(), 2));
    const more = button(page, 'Filter and sort');
    await more.click();
    assert.equal(await more.getAttribute('aria-expanded'), 'true');
    await axe(page, 'the unfolded filters');
    await field(page, 'Sort').selectOption({ label: 'Invitee A–Z' });
    await waitFor(async () => assert.equal(param(page, 'sort'), 'invitee'));
    await waitFor(async () => assert.match(await lines(page).first().innerText(), /Anna/));
    await field(page, 'Sort').selectOption({ label: 'Invitee Z–A' });
    await waitFor(async () => assert.match(await lines(page).first().innerText(), /Zoe/));
    await field(page, 'Role').selectOption({ label: 'Instructor' });
    await waitFor(async () => assert.equal(await lines(page).count(), 1));
    await page.reload();
    await line(page, 'anna.order@desk.test').waitFor();
    assert.equal(await lines(page).count(), 1);
    assert.equal(await field(page, 'Role').inputValue(), 'instructor');
    await page.goto(`${LIST}?q=order%40desk.test&to=course`);
    await line(page, 'zoe.order@desk.test').waitFor();
    assert.equal(await lines(page).count(), 1);
  });
});

test('desk: select lines with Shift, revoke them at once, and see what became of them', LIMIT, async () => {
  await inBrowser('desk-bulk', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    const people = ['a', 'b', 'c', 'd'].map((letter) => [`${letter}.bulk@desk.test`]);
    await invite(page, ['email'], people);
    await page.goto(`${LIST}?q=bulk%40desk.test&sort=invitee`);
    await waitFor(async () => assert.equal(await lines(page).count(), 4));
    await tick(page, 'a.bulk@desk.test').click();
    await tick(page, 'c.bulk@desk.test').click({ modifiers: ['Shift'] });
    const bar = page.getByRole('toolbar', { name: 'Selected invitations' });
    await bar.getByText('3 selected', { exact: true }).waitFor();
    const shown = page.getByRole('checkbox', { name: 'Select all that are shown' });
    assert.equal(await shown.evaluate((box) => box.indeterminate), true, 'some, and not all');
    // Every column and button is in sight on a laptop.
    const hidden = await page.getByRole('region', { name: 'Invitations' }).evaluate((frame) => frame.scrollWidth - frame.clientWidth);
    assert.equal(hidden, 0, 'the list is as wide as its frame');
    await axe(page, 'a selection');
    // By the keyboard: one of them is left out, and comes back.
    await tick(page, 'b.bulk@desk.test').focus();
    await page.keyboard.press('Space');
    await bar.getByText('2 selected', { exact: true }).waitFor();
    await page.keyboard.press('Space');
    await bar.getByText('3 selected', { exact: true }).waitFor();
    await bar.getByRole('button', { name: 'Revoke', exact: true }).click();
    const question = dialog(page, 'Revoke 3 invitations?');
    await question.getByText(/cannot be undone/).waitFor();
    await question.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('3 revoked.', { exact: true }).waitFor();
    await line(page, 'a.bulk@desk.test').getByText('Revoked', { exact: true }).waitFor();
    await line(page, 'd.bulk@desk.test').getByText('Pending', { exact: true }).waitFor();
    await button(page, 'Close').click();
    // All that are shown: what is at an end is counted apart.
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
    await bar.getByText('4 selected', { exact: true }).waitFor();
    await bar.getByRole('button', { name: 'Extend', exact: true }).click();
    const extend = dialog(page, 'Extend 1 invitation?');
    const day = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);
    await extend.getByLabel('Last day', { exact: true }).fill(day);
    await extend.getByRole('button', { name: 'Extend', exact: true }).click();
    await page.getByText(/1 extended/).waitFor();
    await page.getByText(/3 at an end already/).waitFor();
  });
});

test('desk: all that match are selected beyond the page, and resent in batches', LIMIT, async () => {
  await inBrowser('desk-bulk-all', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email'], Array.from({ length: 120 }, (_, n) => [`p${n}.many@desk.test`]));
    await page.goto(`${LIST}?q=many%40desk.test`);
    await waitFor(async () => assert.equal(await lines(page).count(), 50));
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
    const bar = page.getByRole('toolbar', { name: 'Selected invitations' });
    await bar.getByText('50 selected', { exact: true }).waitFor();
    await bar.getByRole('button', { name: 'Select all that match' }).click();
    await bar.getByText('120 selected', { exact: true }).waitFor();
    await bar.getByRole('button', { name: 'Revoke', exact: true }).click();
    await dialog(page, 'Revoke 120 invitations?').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('120 revoked.', { exact: true }).waitFor();
    await waitFor(async () => assert.equal(await lines(page).getByText('Revoked', { exact: true }).count(), 50));
  });
});

test('desk: the page of one invitation tells what happened; extend, resend, revoke from there', LIMIT, async () => {
  const email = 'page.one@desk.test';
  await inBrowser('desk-page', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name', 'note', 'courses'], [[email, 'Paula', 'See you soon', 'STAT-101']]);
    await page.goto(LIST);
    await link(line(page, email), 'Paula').click();
    await page.getByRole('heading', { level: 1, name: 'Paula', exact: true }).waitFor();
    await page.getByText('See you soon').waitFor();
    const timeline = page.getByRole('listitem');
    await timeline.filter({ hasText: /^Invited by/ }).waitFor();
    await timeline.filter({ hasText: 'Mail sent' }).waitFor({ timeout: 30_000 });
    await settled(page);
    await axe(page, 'the page of an invitation');
    // An admin whose organisation shows no links gets none.
    assert.equal(await button(page, 'Copy link').count(), 0);
    await button(page, 'Extend').click();
    const extend = dialog(page, 'Extend the invitation of Paula?');
    await extend.getByLabel('Last day', { exact: true }).fill('2020-01-01');
    await extend.getByRole('button', { name: 'Extend', exact: true }).click();
    await extend.getByText('This day is over. Choose a later one.').waitFor();
    await axe(page, 'a day that is over');
    const day = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
    await extend.getByLabel('Last day', { exact: true }).fill(day);
    await extend.getByRole('button', { name: 'Extend', exact: true }).click();
    await timeline.filter({ hasText: /^Extended by/ }).waitFor();
    await button(page, 'Revoke').click();
    await dialog(page, 'Revoke the invitation of Paula?').getByRole('button', { name: 'Revoke', exact: true }).click();
    await timeline.filter({ hasText: /^Revoked by/ }).waitFor();
    await waitFor(async () => assert.equal(await button(page, 'Extend').count(), 0));
    await link(page, 'people.csv').click();
    await line(page, email).getByText('Revoked', { exact: true }).waitFor();
    assert.ok(param(page, 'import'));
  });
});

test('desk: S26 who may copies a link: it is shown once, and its account is not confirmed', LIMIT, async () => {
  const email = 'copied.link@desk.test';
  await inBrowser('desk-copy', { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await invite(page, ['email', 'first_name'], [[email, 'Cora']]);
    await page.goto(LIST);
    await link(line(page, email), 'Cora').click();
    await button(page, 'Copy link').click();
    const shown = dialog(page, 'A link to this invitation');
    const copied = await shown.getByLabel('Link', { exact: true }).inputValue();
    assert.match(copied, /\/i#[\w-]{43}$/);
    await axe(page, 'a copied link');
    await shown.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('The link is on the clipboard.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), copied);
    await shown.getByRole('contentinfo').or(shown).getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('listitem').filter({ hasText: /^Link copied by/ }).waitFor();
    assert.ok(!(await page.content()).includes(copied.split('#')[1]), 'it is nowhere on the page');
    await inBrowser('desk-copy-person', {}, async (person) => {
      await person.goto(copied);
      await field(person, 'Password').fill('a long password');
      await button(person, 'Create account and accept').click();
      await button(person, 'Profile').waitFor();
      await person.goto('/settings');
      await person.getByText(/not confirmed yet/).waitFor();
    });
  });
});

test('desk: S38 the mail alone is enough to be invited never again', LIMIT, async () => {
  const email = 'never.again@desk.test';
  await inBrowser('desk-never-admin', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await invite(page, ['email', 'first_name'], [[email, 'Nele']]);
    const mail = await smtp.mime(email, { nth: 1 });
    const address = linksUnder(mail.text, desk.url).find((url) => new URL(url).pathname === '/never');
    await inBrowser('desk-never', {}, async (person) => {
      await person.goto(address);
      await person.getByRole('heading', { name: 'Never be invited again?' }).waitFor();
      assert.equal(new URL(person.url()).hash, '', 'S08 no token stays in the address');
      await axe(person, 'never again');
      await button(person, 'Never invite me again').click();
      await person.getByText(/Acme Academy can no longer invite n•••@d•••\.test/).waitFor();
    });
    // The open list says so, and so does the next list that names this address.
    await page.goto(LIST);
    await line(page, email).getByText('Declined', { exact: true }).waitFor();
    await link(line(page, email), 'Nele').click();
    await page.getByText('Asked never to be invited again.').first().waitFor();
    await invite(page, ['email'], [[email]]);
    await page.getByText(/asked not to be invited/i).first().waitFor();
  });
});
