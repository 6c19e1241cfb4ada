// The lists of the catalog invitation apps over all tenants, and the record of who did what.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, field, link, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 240_000 };
const APPS = '/data-manager/catalog-invitation-apps';
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

const combo = (page, name) => page.getByRole('combobox', { name, exact: true });
const line = (page, email) => page.getByRole('row').filter({ hasText: email });
const lines = (page) => page.getByRole('region', { name: 'Invitations' }).locator('tbody tr:not(.row--detail)');
const tick = (page, email) => page.getByRole('checkbox', { name: `Select ${email}`, exact: true });
const param = (page, name) => new URL(page.url()).searchParams.get(name);

test('all tenants: an app’s list is searched, filtered, ordered, its columns chosen, and acted on', LIMIT, async () => {
  await inBrowser('all-tenants-made', {}, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(INVITE);
    await upload(page, toCsv(['email', 'first_name', 'courses'], [
      ['anna.all@all.test', 'Anna', 'STAT-101'],
      ['zoe.all@all.test', 'Zoe', 'STAT-101'],
      ['max.all@all.test', 'Max', ''],
    ]));
    await loaded(page, 3);
    await submit(page);
  });
  await inBrowser('all-tenants', {}, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(APPS);
    await link(page, 'All Course Invitations').click();
    await page.getByRole('heading', { level: 1, name: 'Course Invitations', exact: true }).waitFor();
    await link(page, 'Add Course Invitations').waitFor();
    await line(page, 'anna.all@all.test').waitFor();
    assert.match(await line(page, 'anna.all@all.test').innerText(), /Acme/);
    assert.equal(await line(page, 'max.all@all.test').count(), 0, 'no course');
    await axe(page, 'an app’s list');

    // By a word, by a course that is found while one types, by a tenant; in the address.
    await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('all.test');
    await waitFor(async () => assert.equal(await lines(page).count(), 2));
    await button(page, 'Filter and sort').click();
    await field(page, 'Sort').selectOption({ label: 'Invitee Z–A' });
    await waitFor(async () => assert.match(await lines(page).first().innerText(), /Zoe/));
    await combo(page, 'Tenant').fill('glob');
    await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1);
    await combo(page, 'Tenant').press('ArrowDown');
    await combo(page, 'Tenant').press('Enter');
    await page.getByText('Nobody matches.', { exact: true }).waitFor();
    assert.equal(param(page, 'tenant'), 'globex');
    await axe(page, 'the filters over all tenants');
    await combo(page, 'Tenant').fill('');
    await waitFor(async () => assert.equal(await lines(page).count(), 2));
    await combo(page, 'Tenant').fill('acme');
    await page.getByRole('option').filter({ hasText: 'Acme' }).first().click();
    await waitFor(async () => assert.equal(param(page, 'tenant'), 'acme'));
    await field(page, 'Active').selectOption({ label: 'Inactive' });
    await page.getByText('Nobody matches.', { exact: true }).waitFor();
    await field(page, 'Active').selectOption({ label: 'Any' });
    await waitFor(async () => assert.equal(await lines(page).count(), 2));

    // Columns are chosen with the keyboard, too.
    await button(page, 'Columns').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'Mail', exact: true }).focus();
    await page.keyboard.press('Space');
    await waitFor(async () => assert.equal(param(page, 'hide'), 'mail'));
    assert.equal(await page.getByRole('columnheader', { name: 'Mail', exact: true }).count(), 0);
    await axe(page, 'the choice of columns');

    // A reload keeps everything, and so does the way to a person and back.
    await page.reload();
    await waitFor(async () => assert.match(await lines(page).first().innerText(), /Zoe/));
    assert.equal(await lines(page).count(), 2);
    assert.match(await combo(page, 'Tenant').inputValue(), /Acme/);
    assert.equal(await page.getByRole('columnheader', { name: 'Mail', exact: true }).count(), 0);
    await link(page, 'Zoe').click();
    await page.getByText('zoe.all@all.test').first().waitFor();
    await page.goBack();
    await waitFor(async () => assert.equal(await lines(page).count(), 2));
    assert.equal(param(page, 'sort'), '-invitee');

    // One act on the line, one on those that are selected.
    await line(page, 'zoe.all@all.test').getByRole('button', { name: 'Extend', exact: true }).click();
    const extend = page.getByRole('dialog', { name: 'Extend the invitation of Zoe?' });
    const year = new Date().getUTCFullYear() + 1;
    await extend.getByLabel('Last day', { exact: true }).fill(`${year}-01-31`);
    await extend.getByRole('button', { name: 'Extend', exact: true }).click();
    await page.getByText('The invitation of zoe.all@all.test ends later now.').waitFor();
    await tick(page, 'anna.all@all.test').check();
    await tick(page, 'zoe.all@all.test').check();
    await page.getByRole('toolbar', { name: 'Selected invitations' }).getByRole('button', { name: 'Revoke', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Revoke 2 invitations?' });
    await question.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('2 revoked.').waitFor();
    await waitFor(async () => assert.match(await lines(page).first().innerText(), /Revoked/));
  });
});

test('all tenants: the list fits a phone', LIMIT, async () => {
  await inBrowser('all-tenants-phone', { viewport: { width: 390, height: 844 } }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(`${APPS}/platform`);
    await lines(page).first().waitFor();
    await settled(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await axe(page, 'an app’s list on a phone');
  });
});

test('all tenants: the record says who did what, and goes into a file', LIMIT, async () => {
  await inBrowser('record', {}, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto('/data-manager');
    await link(page, 'Audit').click();
    const record = page.getByRole('region', { name: 'Record' });
    await record.getByRole('row').nth(1).waitFor();
    await axe(page, 'the record of all tenants');
    await field(page, 'What').selectOption({ label: 'Signed in' });
    await waitFor(async () => assert.equal(param(page, 'act'), 'session.started'));
    await waitFor(async () => assert.doesNotMatch(await record.innerText(), /Invited/));
    await page.reload();
    await record.getByText('Signed in').nth(1).waitFor();
    assert.equal(await field(page, 'What').inputValue(), 'session.started');
    const saving = page.waitForEvent('download');
    await button(page, 'Export CSV').click();
    const file = await saving;
    const text = await readFile(await file.path(), 'utf8');
    assert.match(text, /^\uFEFFat,who,act,about/);
    assert.match(text, /session\.started/);
    await page.getByText(/events are saved\./).waitFor();
  });
  await inBrowser('record-of-a-tenant', { expected: [/status of 404/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto('/t/acme/management');
    await page.getByRole('navigation').getByRole('link', { name: 'Audit', exact: true }).click();
    const record = page.getByRole('region', { name: 'Record' });
    await record.getByRole('row').nth(1).waitFor();
    assert.doesNotMatch(await record.innerText(), /Signed in/, 'what is no tenant’s');
    await axe(page, 'the record of a tenant');
    await page.goto('/data-manager/audit');
    await page.getByRole('alert').first().waitFor();
    assert.equal(await record.count(), 0);
  });
});
