// Journey A: a super-admin invites one existing learner to a course by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, fromProfile, link, signIn, withPage } from '../fixtures/browser.mjs';
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

test('data manager: journey A, from the profile to the learner’s invitations and mail', LIMIT, async () => {
  let course;
  await inBrowser('journey-a', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await fromProfile(page, 'Data Manager');
    await link(page, 'Catalog Invitation Apps').click();
    for (const app of ['Course', 'Program', 'Platform', 'Placeholder']) {
      await page.getByRole('heading', { name: `${app} Invitations`, exact: true }).waitFor();
      await link(page, `Add ${app} Invitations`).waitFor();
    }
    await axe(page, 'the apps');
    await link(page, 'Add Course Invitations').click();
    await page.getByRole('heading', { level: 1, name: 'Add Course Invitations', exact: true }).waitFor();
    assert.equal(await page.getByRole('switch', { name: 'Active', exact: true }).isChecked(), true);

    // With nothing filled in the form says what is missing, at the fields and at the top.
    await button(page, 'Save').click();
    await page.getByRole('alert').getByText(/Nobody was invited/).waitFor();
    assert.equal(await combo(page, 'User').getAttribute('aria-invalid'), 'true');
    assert.equal(await combo(page, 'Course').getAttribute('aria-invalid'), 'true');
    await axe(page, 'the form with what is missing');

    await combo(page, 'User').fill('zzzz');
    await page.getByText(/^No match\./).waitFor();
    await combo(page, 'User').fill(PEOPLE.learner);
    await option(page, PEOPLE.learner).waitFor();
    await axe(page, 'what is found');
    await option(page, PEOPLE.learner).click();
    course = 'Compilers';
    await pick(page, 'Course', 'mpil', course);
    await waitFor(async () => assert.match(await combo(page, 'Tenant').inputValue(), /Acme/, 'the only tenant of the person'));
    await field(page, 'Email').fill('both@example.test');
    await button(page, 'Save').click();
    await page.getByText('Either type an address here or pick people, not both.', { exact: true }).first().waitFor();
    await field(page, 'Email').fill('');
    await button(page, 'Save').dblclick();
    const saved = page.getByRole('status').filter({ hasText: 'is invited to' });
    await saved.getByText(course).waitFor();
    assert.equal(await saved.getByText(/ is invited to /).count(), 1);
    await axe(page, 'the confirmation');

    // The form is ready for the next; the same again tells of the one that there is.
    assert.equal(await combo(page, 'User').inputValue(), '');
    await pick(page, 'User', PEOPLE.learner, PEOPLE.learner);
    await pick(page, 'Course', course, course);
    await waitFor(async () => assert.match(await combo(page, 'Tenant').inputValue(), /Acme/, 'the only tenant of the person'));
    await button(page, 'Save and add another').click();
    await page.getByText(/is already invited to/).waitFor();
    await button(page, 'Resend').waitFor();
    await link(page, 'See and extend the invitation').click();
    await page.getByText(PEOPLE.learner).first().waitFor();
  });
  await inBrowser('journey-a-learner', {}, async (page) => {
    await signIn(page, PEOPLE.learner);
    await page.goto('/home');
    await page.getByText(course).first().waitFor();
    await page.goto('/demo/mailbox');
    await page.getByRole('navigation', { name: 'Mails' }).getByRole('link').filter({ hasText: PEOPLE.learner }).first().waitFor();
  });
});

test('data manager: a placeholder is made with the keyboard alone', LIMIT, async () => {
  await inBrowser('journey-a-keys', {}, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(`${APPS}/placeholder/add`);
    await field(page, 'Email').focus();
    await page.keyboard.type('keys@example.test');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('a');
    await combo(page, 'Course').press('ArrowDown');
    await page.waitForFunction(() => document.querySelector('[role=option]') !== null);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    assert.equal(await combo(page, 'Course').inputValue(), '');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('acme');
    await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1);
    await page.keyboard.press('ArrowDown');
    assert.match((await combo(page, 'Platform').getAttribute('aria-activedescendant')) ?? '', /^tenant-0$/);
    await page.keyboard.press('Enter');
    await button(page, 'Save').focus();
    await page.keyboard.press('Enter');
    await page.getByText(/keys@example\.test is invited to Acme/).waitFor();
    await page.goto(APPS);
    await page.getByRole('heading', { name: 'Placeholder Invitations', exact: true }).waitFor();
  });
});
