// The life of an invitation: sent later, switched off and on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 180_000 };
const APPS = '/data-manager/catalog-invitation-apps';
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

const combo = (page, name) => page.getByRole('combobox', { name, exact: true });
const option = (page, text) => page.getByRole('option').filter({ hasText: text });

/** Types into a combobox and picks what has the text. */
async function pick(page, name, typed, text) {
  await combo(page, name).fill(typed);
  await option(page, text).first().click();
}

/** A day so many days from now, as a date field takes it. */
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test('lifecycle: what is sent later waits for its time, is switched off and on, and sent now', LIMIT, async () => {
  await inBrowser('send-later', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(`${APPS}/course/add`);
    await pick(page, 'User', PEOPLE.learner, PEOPLE.learner);
    await pick(page, 'Course', 'mpil', 'Compilers');
    await waitFor(async () => assert.match(await combo(page, 'Tenant').inputValue(), /Acme/));
    await page.getByLabel('Send the mail', { exact: true }).selectOption('later');
    await field(page, 'Send on').fill(day(-2));
    await button(page, 'Save').click();
    await page.getByText('This is over. Choose a later time.', { exact: true }).first().waitFor();
    assert.equal(await field(page, 'Send on').getAttribute('aria-invalid'), 'true');
    await field(page, 'Send on').fill(day(3));
    await field(page, 'Send at').fill('10:30');
    await axe(page, 'the form with a time to send');
    await button(page, 'Save').click();
    const saved = page.getByRole('status').filter({ hasText: ', scheduled for' });
    await saved.getByText(/10:30|09:30|11:30/).waitFor();
    await saved.getByRole('link', { name: 'See the invitation', exact: true }).click();

    await page.getByText('Scheduled', { exact: true }).first().waitFor();
    await page.getByRole('listitem').filter({ hasText: /^Goes out/ }).waitFor();
    await axe(page, 'a scheduled invitation');
    await button(page, 'Deactivate').click();
    await page.getByText('Inactive', { exact: true }).first().waitFor();
    await page.getByRole('listitem').filter({ hasText: /^Switched off/ }).waitFor();
    assert.equal(await button(page, 'Send now').count(), 0);
    await button(page, 'Activate').click();
    await button(page, 'Send now').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send now', exact: true }).click();
    await page.getByRole('listitem').filter({ hasText: /^Sent before its time/ }).waitFor();
    await page.getByRole('listitem').filter({ hasText: /^Mail sent/ }).waitFor();

    // In the list: unfolded, and many at once.
    await page.goto('/t/acme/management/invitations');
    const line = page.getByRole('row').filter({ hasText: PEOPLE.learner }).first();
    await line.getByRole('button', { name: `What ${PEOPLE.learner} is invited to` }).click();
    await button(page, 'Deactivate').first().click();
    await line.getByText('Inactive', { exact: true }).waitFor();
    await axe(page, 'an unfolded line');
    await line.getByRole('checkbox').check();
    const bar = page.getByRole('toolbar', { name: 'Selected invitations' });
    await bar.getByRole('button', { name: 'Activate', exact: true }).click();
    await page.getByRole('dialog', { name: 'Activate 1 invitation?' }).getByRole('button', { name: 'Activate', exact: true }).click();
    await page.getByText('1 activated.').waitFor();
    await waitFor(async () => assert.equal(await line.getByText('Inactive', { exact: true }).count(), 0));
  });
});

test('lifecycle: a preview, a page to continue at, and what was revoked is invited again', LIMIT, async () => {
  await inBrowser('invite-again', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(`${APPS}/placeholder/add`);
    await field(page, 'Email').fill('again@example.test');
    await pick(page, 'Platform', 'acme', 'Acme');
    await field(page, 'Source').fill('Autumn fair');
    await field(page, 'Continue at').fill('//evil.test');
    await page.getByLabel('Metadata', { exact: true }).fill('site: Lisbon');
    await field(page, 'Message').fill('See you soon.');
    await button(page, 'Preview the mail').click();
    const preview = page.getByRole('dialog', { name: 'The mail as it will look' });
    await preview.getByText(/invites you to Acme Academy/).first().waitFor();
    await preview.getByText(/See you soon\./).waitFor();
    await axe(page, 'the preview of a mail');
    await page.keyboard.press('Escape');
    await button(page, 'Save').click();
    await page.getByText(/Only a page of this site/).first().waitFor();
    await field(page, 'Continue at').fill('/home');
    await button(page, 'Save').click();
    await page.getByText(/again@example\.test is invited to Acme/).waitFor();
    await page.getByRole('link', { name: 'See the invitation', exact: true }).click();
    for (const fact of ['Autumn fair', '/home', 'Lisbon']) {
      await page.getByText(fact, { exact: true }).waitFor();
    }
    await button(page, 'Revoke').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await button(page, 'Invite again').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Invite again', exact: true }).click();
    await page.getByText('Invited before', { exact: true }).waitFor();
    await page.getByText('Pending', { exact: true }).first().waitFor();
    await axe(page, 'an invitation that was made anew');
    await page.getByRole('link', { name: 'See that invitation', exact: true }).click();
    await page.getByText('Invited again', { exact: true }).first().waitFor();
  });
});

test('lifecycle: a tenant chooses the days of its reminders', LIMIT, async () => {
  await inBrowser('remind-days', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto('/t/acme/management/settings');
    await waitFor(async () => assert.equal(await field(page, 'Remind after days').inputValue(), '3, 7'));
    await field(page, 'Remind after days').fill('7, 3');
    await button(page, 'Save').click();
    await page.getByText(/each greater than the one before/).waitFor();
    await field(page, 'Remind after days').fill('2, 5, 9');
    await button(page, 'Save').click();
    await page.getByText('The settings are saved.').waitFor();
    await page.reload();
    await waitFor(async () => assert.equal(await field(page, 'Remind after days').inputValue(), '2, 5, 9'));
    await axe(page, 'the settings of a tenant');
  });
});
