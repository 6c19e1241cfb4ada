// An account over its life: a forgotten password, another name, the list of users.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, link, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 180_000 };
const NEW = 'a very new password';
const desk = withServer();

test('a forgotten password is chosen anew through the mail, and the link works once', LIMIT, async () => {
  await withPage(desk.browser, desk.url, 'forgot', { expected: [/404/] }, async (page) => {
    await page.goto('/sign-in');
    await link(page, 'Forgot password?').click();
    await axe(page, 'forgot');
    await field(page, 'Email').fill(PEOPLE.learner);
    await page.keyboard.press('Enter');
    await page.getByText('Look into your mail.').waitFor();
    await page.goto('/demo/mailbox');
    await page.getByRole('navigation', { name: 'Mails' }).getByRole('link').filter({ hasText: 'Choose a new password' }).first().click({ timeout: 30_000 });
    await page.getByRole('tab', { name: /text/i }).click();
    const text = await page.locator('pre.letter__text').innerText();
    const url = /https?:\/\/\S+\/reset#\S+/.exec(text)[0];
    await page.goto(url);
    await field(page, 'New password').waitFor();
    assert.ok(!page.url().includes('#'), 'no token in the address bar');
    await axe(page, 'reset');
    await field(page, 'New password').fill(NEW);
    await page.keyboard.press('Enter');
    await button(page, 'Profile').waitFor();
    await page.goto('about:blank');
    await page.goto(url);
    await page.getByRole('heading', { name: /doesn’t work any more/ }).waitFor();
  });
});

test('names and users are changed where they stand', LIMIT, async () => {
  await withPage(desk.browser, desk.url, 'accounts', { expected: [/409/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto('/settings');
    await field(page, 'First name').fill('Renamed');
    await button(page, 'Save name').click();
    await page.getByText('Your name is saved.').waitFor();
    await page.reload();
    await waitFor(async () => assert.equal(await field(page, 'First name').inputValue(), 'Renamed'));
    await settled(page);
    await axe(page, 'settings');
    await page.goto('/data-manager');
    await field(page, 'Search users').fill(PEOPLE.super);
    const row = page.getByRole('row').filter({ hasText: PEOPLE.super });
    await row.getByRole('button', { name: 'Deactivate', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Deactivate', exact: true }).click();
    await page.getByText(/last super-admin/).first().waitFor();
    await settled(page);
    await axe(page, 'users');
  });
});
