// Codes on paper: a super-admin makes a batch, prints and saves it; people redeem.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, button, field, link, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 180_000 };
const FORM = '/data-manager/catalog-invitation-apps/placeholder/add';
const SOURCE = '=Open day 2026';
const PASSWORD = 'a long enough password';
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);
const phone = { viewport: { width: 390, height: 844 } };
let codes;

test('placeholders: blank ones are made, saved and printed', LIMIT, async () => {
  await inBrowser('blanks', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(FORM);
    await page.getByLabel('Placeholder', { exact: true }).selectOption('blank');
    await field(page, 'How many').fill('0');
    await button(page, 'Make codes').click();
    await page.getByText('Choose 1 to 10,000.', { exact: true }).first().waitFor();
    assert.equal(await field(page, 'How many').getAttribute('aria-invalid'), 'true');
    await axe(page, 'the form of blank ones with what is missing');
    await field(page, 'How many').fill('12');
    await field(page, 'Source').fill(SOURCE);
    const tenant = page.getByRole('combobox', { name: 'Platform', exact: true });
    await tenant.fill('acme');
    await page.getByRole('option').filter({ hasText: 'Acme' }).click();
    await button(page, 'Make codes').dblclick();
    await page.getByText(/^12 blank invitations to Acme/).waitFor();
    await link(page, `See the codes of ${SOURCE}`).click();
    await page.getByRole('heading', { level: 1, name: SOURCE, exact: true }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Unassigned' }).nth(11).waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: 'Unassigned' }).count(), 12, 'made once');
    await axe(page, 'a batch');

    // One code, for the clipboard.
    await page.getByRole('button', { name: 'Copy the code of number 1', exact: true }).click();
    const one = await field(page, 'Code').inputValue();
    assert.match(one, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    assert.equal(await field(page, 'Link').inputValue(), `${desk.url}/redeem#${one.replaceAll('-', '')}`);
    await axe(page, 'a code');
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).first().click();

    // S43 All of them, in a file that a spreadsheet runs nothing of.
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download CSV').click()]);
    assert.equal(download.suggestedFilename(), 'beckon-codes-Open-day-2026.csv');
    const rows = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
    assert.equal(rows.length, 13);
    assert.ok(rows.every((row) => !/(^|,)"?[=+@-]/.test(row)), rows[1]);
    codes = rows.slice(1).map((row) => row.match(/[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}/)[0]);
    assert.equal(new Set(codes).size, 12);

    // A sheet of cards; what is around them is not printed.
    await button(page, 'Print cards').click();
    const cards = page.getByRole('list', { name: 'Cards' }).getByRole('listitem');
    await cards.nth(11).waitFor();
    assert.equal(await cards.count(), 12);
    await cards.first().getByText(codes[0], { exact: true }).waitFor();
    assert.equal(await cards.first().locator('svg').count(), 1);
    await axe(page, 'the cards');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('heading', { name: 'Cards' }).isVisible(), false);
    const pages = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type\s*\/Page\b/g).length;
    assert.equal(pages, 2, 'ten cards a page');
    await page.emulateMedia({ media: 'screen' });
    await button(page, 'Back').click();
    await page.getByRole('heading', { level: 1, name: SOURCE, exact: true }).waitFor();
  });
});

test('placeholders: a code is typed by somebody new, on a phone', LIMIT, async () => {
  await inBrowser('redeem-new', { ...phone, expected: [/status of 404/] }, async (page) => {
    await page.goto('/redeem');
    await axe(page, 'the field for a code');
    const typed = codes[0].toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    // A wrong character is found before the server is asked.
    const asked = [];
    page.on('request', (request) => request.url().includes('/api/redeem/') && asked.push(request.url()));
    await field(page, 'Code').fill(`${typed.slice(0, -1)}${typed.endsWith('7') ? '8' : '7'}`);
    await field(page, 'Code').press('Enter');
    await page.getByText(/A letter or figure is wrong/).waitFor();
    assert.deepEqual(asked, []);
    await field(page, 'Code').fill(typed);
    await button(page, 'Continue').click();
    await page.getByRole('heading', { level: 1, name: /^You are invited to Acme/ }).waitFor();
    await axe(page, 'what a code offers');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: /^You are invited to Acme/ }).waitFor();
    await button(page, 'Create account and accept').click();
    await page.getByText('Fill in your email.', { exact: true }).waitFor();
    await field(page, 'Email').fill('paper.person@example.test');
    await field(page, 'First name').fill('Paper');
    await field(page, 'Password').fill(PASSWORD);
    await button(page, 'Create account and accept').click();
    await page.getByRole('heading', { name: 'My invitations', exact: true }).waitFor();
    await page.getByRole('main').getByText(/^Acme Academy/).first().waitFor();
  });
});

test('placeholders: a QR code’s link is accepted by somebody with an account, once', LIMIT, async () => {
  const link = `/redeem#${codes[1].replaceAll('-', '')}`;
  await inBrowser('redeem-account', { ...phone, expected: [/status of (404|409)/] }, async (page) => {
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: /^You are invited to Acme/ }).waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the code is out of the address');
    await button(page, 'I have an account').click();
    await field(page, 'Email').fill('globex.learner@example.test');
    await button(page, 'Make a new account').click();
    await field(page, 'First name').waitFor();
    await signIn(page, 'admin@globex.test');
    await page.goto('/redeem');
    await button(page, 'Accept').waitFor();
    await axe(page, 'a code, signed in');
    await button(page, 'Accept').click();
    await page.getByText('Accepted. You find it on this page.', { exact: true }).waitFor();
    await page.goto(link);
    await page.getByText(/This code opens nothing, or nothing any more/).waitFor();
    // Whoever has it all already spends nothing.
    await field(page, 'Code').fill(codes[2]);
    await field(page, 'Code').press('Enter');
    await button(page, 'Accept').click();
    await page.getByText(/The code is still good/).waitFor();
  });
  await inBrowser('revoke-rest', {}, async (page) => {
    await signIn(page, PEOPLE.super);
    await page.goto(`/t/acme/management/placeholders?source=${encodeURIComponent(SOURCE)}`);
    await page.getByRole('row').filter({ hasText: 'Paper' }).waitFor();
    // One is given to somebody whose address is known.
    await page.getByRole('row').filter({ hasText: 'Unassigned' }).first().getByRole('link').click();
    await button(page, 'Assign').click();
    const dialog = page.getByRole('dialog', { name: 'Give this invitation to a person' });
    await dialog.getByLabel('Email', { exact: true }).fill('given@example.test');
    await axe(page, 'whom a code is given to');
    await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
    await page.getByText('given@example.test’s now', { exact: false }).waitFor();
    await page.getByText('Given to this person; the code stopped working').waitFor();
    await page.goBack();
    await button(page, 'Revoke unused').click();
    await page.getByRole('dialog').getByText('Revoke 9 unused codes?').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('9 codes are revoked.', { exact: true }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Revoked' }).first().waitFor();
    assert.equal(await button(page, 'Download CSV').count(), 0);
  });
});
