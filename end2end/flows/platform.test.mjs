// What a super-admin makes and changes: tenants, the catalog of all, users, lists of both;
// and what a learner of several tenants sees on a phone.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, field, fromProfile, link, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 240_000 };
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

const region = (page, name) => page.getByRole('region', { name, exact: true });
const line = (page, text) => page.getByRole('row').filter({ hasText: text });
const dialog = (page, name) => page.getByRole('dialog', { name });
const inside = (part, name) => part.getByRole('button', { name, exact: true });
const csv = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test('platform: a tenant is made, gets its first admin by invitation, is disabled and enabled', LIMIT, async () => {
  await inBrowser('platform-tenants', { expected: [/status of 4(22|04)/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await fromProfile(page, 'Data Manager');
    await button(page, 'Add tenant').click();
    let form = dialog(page, 'Add a tenant');
    await form.getByLabel('Name', { exact: true }).fill('North School');
    await form.getByLabel('Address', { exact: true }).fill('acme');
    await form.getByLabel('Time zone', { exact: true }).fill('Europe/Oslo');
    await inside(form, 'Save').click();
    await form.getByText(/Another tenant has this/).waitFor();
    await axe(page, 'a tenant that is made');
    await form.getByLabel('Address', { exact: true }).fill('north');
    await form.getByLabel('Address', { exact: true }).press('Enter');
    await page.getByRole('status').getByText(/North School is made/).waitFor();
    await line(page, 'North School').getByText('No admin yet', { exact: true }).waitFor();
    await axe(page, 'the data manager');
    // Its first admin: the tenant and the role are filled in.
    await link(page, 'invite its first admin').click();
    await page.getByRole('heading', { level: 1, name: 'Add Platform Invitations', exact: true }).waitFor();
    const platform = page.getByRole('combobox', { name: 'Platform', exact: true });
    await waitFor(async () => assert.equal(await platform.inputValue(), 'North School'));
    assert.equal(await field(page, 'Role').inputValue(), 'admin');
    await field(page, 'Email').fill('head@north.test');
    await button(page, 'Save').click();
    await page.getByText(/head@north\.test is invited to North School/).waitFor();
    await page.goto('/data-manager');
    await page.getByRole('searchbox', { name: 'Search tenants' }).fill('north');
    const north = region(page, 'Tenants').getByRole('row').filter({ hasText: 'North School' });
    await inside(north, 'Disable').click();
    const question = dialog(page, 'Disable North School?');
    await question.getByText(/1 pending person/).waitFor();
    await axe(page, 'the question before a tenant is disabled');
    await inside(question, 'Disable').click();
    await page.getByText('North School is disabled.').waitFor();
    await page.getByText('No tenant is here.').waitFor();
    await page.goto('/t/north/management');
    await page.getByText(/could not be loaded|not found|does not exist/i).first().waitFor();
    await page.goto('/data-manager');
    await button(page, 'Disabled').click();
    // By the keyboard.
    await inside(line(page, 'North School'), 'Enable').focus();
    await page.keyboard.press('Enter');
    await dialog(page, 'Enable North School?').waitFor();
    await inside(dialog(page, 'Enable North School?'), 'Enable').focus();
    await page.keyboard.press('Enter');
    await page.getByText('North School is enabled.').waitFor();
    await button(page, 'Enabled').click();
    await inside(line(page, 'North School'), 'Edit').click();
    form = dialog(page, 'Edit the tenant');
    await form.getByLabel('Name', { exact: true }).fill('North College');
    await inside(form, 'Save').click();
    await line(page, 'North College').waitFor();
  });
});

test('platform: a shared course is made in the catalog of all, edited, and archived', LIMIT, async () => {
  await inBrowser('platform-catalog', {}, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto('/data-manager');
    await link(page, 'Catalog').click();
    await page.getByRole('heading', { level: 1, name: 'Catalog', exact: true }).waitFor();
    await button(page, 'Add course').click();
    let form = dialog(page, 'Add a course');
    await form.getByLabel('Key', { exact: true }).fill('ALL-1');
    await form.getByLabel('Title', { exact: true }).fill('For everybody');
    await axe(page, 'a course of the catalog of all');
    await inside(form, 'Save').click();
    await page.getByText('For everybody is saved.').waitFor();
    await page.getByRole('searchbox').fill('ALL-1');
    await line(page, 'ALL-1').getByText('Shared', { exact: true }).waitFor();
    // Only one tenant's: it is not among them.
    await page.getByRole('combobox', { name: 'Only of the tenant', exact: true }).fill('glob');
    await page.getByRole('option').filter({ hasText: 'Globex' }).click();
    await page.getByText('Nothing is here.').waitFor();
    await button(page, 'Shared by all').click();
    await line(page, 'ALL-1').waitFor();
    await axe(page, 'the catalog of all');
    await inside(line(page, 'ALL-1'), 'Edit').click();
    form = dialog(page, 'Edit the course');
    await form.getByLabel('Title', { exact: true }).fill('For all');
    await inside(form, 'Save').click();
    await line(page, 'For all').waitFor();
    await inside(line(page, 'ALL-1'), 'Archive').click();
    await inside(dialog(page, 'Archive For all?'), 'Archive').click();
    await page.getByText(/For all is archived/).waitFor();
  });
});

test('platform: a user is made and edited, and a list of users goes through the grid', LIMIT, async () => {
  await inBrowser('platform-users', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto('/data-manager');
    await button(page, 'Add user').click();
    let form = dialog(page, 'Add a user');
    await form.getByLabel('Email', { exact: true }).fill(PEOPLE.learner);
    await inside(form, 'Save').click();
    await form.getByText('This address has an account already.').waitFor();
    await form.getByLabel('Email', { exact: true }).fill('made@platform.test');
    await form.getByLabel(/^First name/).fill('Made');
    await axe(page, 'a user that is made');
    await inside(form, 'Save').click();
    await page.getByText(/made@platform\.test has an account/).waitFor();
    await page.getByRole('searchbox', { name: 'Search users' }).fill('made@platform');
    await line(page, 'made@platform.test').getByText('No password yet', { exact: true }).waitFor();
    await link(page, 'Made').click();
    await page.getByRole('heading', { level: 1, name: 'Made', exact: true }).waitFor();
    await page.getByText('Nobody invited this person.').waitFor();
    await button(page, 'Edit').click();
    form = dialog(page, 'Edit the user');
    await form.getByLabel(/^Username/).fill('made.by.hand');
    await inside(form, 'Save').click();
    await page.getByText('made.by.hand').waitFor();
    await settled(page);
    await axe(page, 'the page of a user');

    await page.goto('/data-manager');
    await region(page, 'Users').waitFor();
    await page.getByRole('link', { name: 'Upload CSV', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Upload users', exact: true }).waitFor();
    const file = page.locator('input[type=file]').first();
    await file.setInputFiles(csv('people.csv', 'Name\r\nAda\r\n'));
    await page.getByRole('alert').getByText(/names no column email/).waitFor();
    await axe(page, 'the page before a list');
    const rows = [
      ['one@platform.test', 'One', '', 'first'],
      ['nobody', 'Two', '', ''],
      [PEOPLE.learner, 'Other', 'Name', ''],
      ['ONE@platform.test', 'Again', '', ''],
    ];
    await file.setInputFiles(csv('people.csv', toCsv(['E-mail', 'Vorname', 'Nachname', 'Login'], rows)));
    const grid = page.getByRole('grid', { name: 'Review' });
    await grid.getByText('one@platform.test', { exact: true }).waitFor();
    await page.getByText(/2 with problems of 4 rows/).waitFor();
    await axe(page, 'a list of users');
    await button(page, 'Submit').click();
    const outcome = page.getByRole('status').filter({ hasText: '1 row is made.' });
    await outcome.getByText(/1 is there already/).waitFor();
    await outcome.getByText(/1 row repeats an earlier row/).waitFor();
    // It has the focus, says which rows it is about, and can be kept.
    await waitFor(() => outcome.evaluate((card) => card.contains(document.activeElement)));
    await outcome.getByText('Row by row, as in the list you sent').click();
    await outcome.getByText(/^Row 3: Known as /).waitFor();
    await outcome.getByText('Row 4: The same as in row 1, which counts.').waitFor();
    await axe(page, 'what became of a list of users');
    const [saved] = await Promise.all([page.waitForEvent('download'), inside(outcome, 'Download outcomes').click()]);
    const outcomes = await readFile(await saved.path(), 'utf8');
    assert.match(outcomes, /one@platform\.test,One,,first,Made,/);
    assert.match(outcomes, /nobody,Two,,,With a problem,/);
    await grid.getByText('nobody').first().waitFor();
    // The row that repeats another is deleted.
    await grid.getByText('ONE@platform.test', { exact: true }).filter({ visible: true }).first().click();
    await button(page, 'Delete row').click();
    // It is corrected with the keyboard, and submitted again.
    await button(page, 'Next problem').click();
    await page.keyboard.type('two@platform.test');
    await page.keyboard.press('Enter');
    await page.getByText('1 row ready.', { exact: true }).waitFor();
    await button(page, 'Submit').click();
    await page.getByRole('status').getByText('1 row is made.').waitFor();

    await page.goto('/data-manager/upload/courses');
    await page.locator('input[type=file]').first().setInputFiles(
      csv('courses.csv', toCsv(['key', 'title', 'kind', 'tenant', 'courses'], [['UP-1', 'Uploaded', '', 'acme', ''], ['UP-P', 'Both', 'program', 'acme', 'UP-1']])),
    );
    await page.getByText('2 rows ready.', { exact: true }).waitFor();
    await button(page, 'Submit').click();
    await page.getByRole('status').getByText('2 rows are made.').waitFor();
    await page.goto('/t/acme/management/catalog');
    await page.getByRole('searchbox').fill('UP-');
    await line(page, 'UP-P').waitFor();
  });
});

test('platform: a learner sees courses and programs of every tenant on a phone', LIMIT, async () => {
  await inBrowser('platform-learner', { viewport: { width: 390, height: 844 } }, async (page) => {
    await signIn(page, PEOPLE.learner);
    await page.goto('/home');
    for (const name of ['My invitations', 'My courses', 'My programs']) {
      await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
    }
    await settled(page);
    await axe(page, 'the home of a learner on a phone');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${width} pixels wide`);
  });
});

test('platform: what is typed in the settings stays when something else is saved', LIMIT, async () => {
  await inBrowser('platform-settings', {}, async (page) => {
    await signIn(page, PEOPLE.learner);
    await page.goto('/settings');
    await field(page, 'Current password').fill('something typed');
    await field(page, 'First name').fill('Leona');
    await button(page, 'Save name').click();
    await page.getByText('Your name is saved.').waitFor();
    await settled(page);
    assert.equal(await field(page, 'Current password').inputValue(), 'something typed');
    assert.equal(await field(page, 'First name').inputValue(), 'Leona');
  });
});
