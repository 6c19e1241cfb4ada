// Without a mouse: journey A for each kind, many people at once, and codes from the form to
// the person who redeems one. Every step by Tab, arrows, Space and Enter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, focused, link, menuItem, settled, tabTo, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { waitFor } from '../fixtures/grid.mjs';
import { PASSWORD, PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 240_000 };
const SOURCE = 'Keys day 2026';
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

const combo = (page, name) => page.getByRole('combobox', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: typeof name === 'string' });

/** Nothing of a flow may use the mouse. */
async function press(page, locator, key = 'Enter') {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

async function type(page, locator, text) {
  await tabTo(page, locator);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

async function signInByKeys(page, email) {
  await page.goto('/sign-in');
  await type(page, field(page, 'Email'), email);
  await type(page, field(page, 'Password'), PASSWORD);
  await page.keyboard.press('Enter');
  await button(page, 'Profile').waitFor();
  await settled(page);
}

/** Profile, then one of its entries. */
async function fromProfileByKeys(page, name) {
  // Back from the page's heading, as a person would go.
  await tabTo(page, button(page, 'Profile'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  const entry = menuItem(page, name);
  await entry.waitFor();
  for (let presses = 0; presses < 9 && !(await focused(entry)); presses += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await settled(page);
}

/** Types into a combobox, goes down to what has the text, and picks it. */
async function pick(page, name, typed, text) {
  const input = combo(page, name);
  await type(page, input, typed);
  const matches = page.getByRole('listbox', { name: `${name}: matches`, exact: true });
  await matches.getByRole('option').first().filter({ hasText: text }).waitFor();
  await page.keyboard.press('ArrowDown');
  const id = await input.getAttribute('aria-activedescendant');
  assert.match(await page.locator(`[id="${id}"]`).innerText(), new RegExp(text));
  await page.keyboard.press('Enter');
  await waitFor(async () => assert.equal(await input.getAttribute('aria-expanded'), 'false'));
  assert.equal(await focused(input), true, 'the focus stays in the field');
}

/** From the profile menu to the form of an app. */
async function toForm(page, app) {
  await signInByKeys(page, PEOPLE.super);
  await fromProfileByKeys(page, 'Data Manager');
  await press(page, link(page, 'Catalog Invitation Apps'));
  await press(page, link(page, `Add ${app} Invitations`));
  await heading(page, `Add ${app} Invitations`).waitFor();
  await settled(page);
}

const saved = (page, text) => page.getByRole('status').getByText(text).first();

for (const { app, targets, tenant, to } of [
  { app: 'Course', targets: [['Course', 'compilers', 'Compilers']], tenant: /Acme/, to: 'Compilers' },
  { app: 'Program', targets: [['Program', 'data analyst', 'Data Analyst']], tenant: /Acme/, to: 'Data Analyst' },
  { app: 'Platform', targets: [['Platform', 'globex', 'Globex']], to: 'Globex' },
]) {
  test(`keys: journey A with the keyboard alone, ${app}`, LIMIT, async () => {
    await inBrowser(`keys-${app}`, { expected: [/status of 422/] }, async (page) => {
      await toForm(page, app);
      // What is missing takes the focus.
      await press(page, button(page, 'Save'));
      await page.getByRole('alert').first().waitFor();
      assert.equal(await combo(page, 'User').getAttribute('aria-invalid'), 'true');
      await pick(page, 'User', PEOPLE.learner, PEOPLE.learner);
      await tabTo(page, page.getByRole('switch', { name: 'Active', exact: true }));
      await page.keyboard.press('Space');
      assert.equal(await page.getByRole('switch', { name: 'Active', exact: true }).isChecked(), false);
      await page.keyboard.press('Space');
      for (const [name, typed, text] of targets) await pick(page, name, typed, text);
      if (tenant) await waitFor(async () => assert.match(await combo(page, 'Tenant').inputValue(), tenant));
      await press(page, button(page, 'Save'));
      await saved(page, new RegExp(`is invited to ${to}`)).waitFor();
      await axe(page, `the confirmation of ${app}`);
      await press(page, page.getByRole('status').getByRole('link').first());
      await page.getByText(PEOPLE.learner).first().waitFor();
      await page.getByText('Pending', { exact: true }).first().waitFor();
    });
  });
}

test('keys: two people and two courses are four invitations, two mails', LIMIT, async () => {
  await inBrowser('keys-many', {}, async (page) => {
    await toForm(page, 'Course');
    await pick(page, 'User', PEOPLE.learner, PEOPLE.learner);
    await pick(page, 'User', 'aaliyah', 'aaliyah');
    // One too many is taken out again, and the focus is in the field.
    await pick(page, 'Course', 'machine learning', 'Machine Learning');
    await pick(page, 'Course', 'visualisation', 'Data Visualisation');
    await pick(page, 'Course', 'working with data', 'Working with Data');
    await press(page, button(page, 'Remove Working with Data'), 'Space');
    await waitFor(async () => assert.equal(await focused(combo(page, 'Course')), true));
    if ((await combo(page, 'Tenant').inputValue()) === '') await pick(page, 'Tenant', 'acme', 'Acme');
    await page.getByText('4 invitations for 2 people, one mail and one link each.', { exact: true }).waitFor();
    await axe(page, 'many people in one form');
    await press(page, button(page, 'Save and add another'));
    await saved(page, /is invited to Machine Learning, Data Visualisation/).waitFor();
    assert.equal(await page.getByRole('status').getByText(/is invited to Machine Learning, Data Visualisation/).count(), 2, 'one line a person');
  });
});

test('keys: blank placeholders are made, printed and revoked, and one is redeemed', LIMIT, async () => {
  let code;
  await inBrowser('keys-blanks', {}, async (page) => {
    await toForm(page, 'Placeholder');
    await tabTo(page, field(page, 'Placeholder'));
    await page.keyboard.press('ArrowDown');
    await type(page, field(page, 'How many'), '3');
    await type(page, field(page, 'Source'), SOURCE);
    await pick(page, 'Platform', 'globex', 'Globex');
    await press(page, button(page, 'Make codes'));
    await page.getByText(/^3 blank invitations to Globex/).waitFor();
    await press(page, link(page, `See the codes of ${SOURCE}`));
    await heading(page, SOURCE).waitFor();
    await press(page, page.getByRole('button', { name: 'Copy the code of number 1', exact: true }));
    const dialog = page.getByRole('dialog', { name: 'A redemption code' });
    code = await dialog.getByLabel('Code', { exact: true }).inputValue();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    const downloading = page.waitForEvent('download');
    await press(page, button(page, 'Download CSV'));
    await downloading;
    await press(page, button(page, 'Print cards'));
    await page.getByRole('list', { name: 'Cards' }).getByRole('listitem').nth(2).waitFor();
    await press(page, button(page, 'Back'));
    await heading(page, SOURCE).waitFor();
    await press(page, link(page, 'All batches'));
    await page.getByRole('row').filter({ hasText: SOURCE }).waitFor();
    await axe(page, 'the batches');
    await press(page, link(page, SOURCE));
    await heading(page, SOURCE).waitFor();
    // Somebody redeems meanwhile: the open page shows it.
    await inBrowser('keys-redeem', { expected: [/status of 404/] }, async (newcomer) => {
      await newcomer.goto('/redeem');
      await type(newcomer, field(newcomer, 'Code'), code);
      await newcomer.keyboard.press('Enter');
      await heading(newcomer, /^You are invited to Globex/).waitFor();
      await type(newcomer, field(newcomer, 'Email'), 'keys.paper@example.test');
      await type(newcomer, field(newcomer, 'First name'), 'Keys');
      await type(newcomer, field(newcomer, 'Password'), 'a long enough password');
      await newcomer.keyboard.press('Enter');
      await newcomer.getByRole('heading', { name: 'My invitations', exact: true }).waitFor();
      await axe(newcomer, 'the home of who redeemed');
    });
    await page.getByRole('row').filter({ hasText: 'Keys' }).getByText('Accepted', { exact: true }).waitFor();
    await press(page, button(page, 'Revoke unused'));
    const question = page.getByRole('dialog', { name: 'Revoke 2 unused codes?' });
    await press(page, question.getByRole('button', { name: 'Revoke', exact: true }));
    await page.getByText('2 codes are revoked.', { exact: true }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Revoked' }).nth(1).waitFor();
  });
});
