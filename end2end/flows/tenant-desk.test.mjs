// What a tenant's admin changes: people, catalog, settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, field, link, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { PEOPLE } from '../fixtures/server.mjs';

const LIMIT = { timeout: 180_000 };
const START = '/t/acme/management';
const desk = withServer({});
const inBrowser = (name, options, body) => withPage(desk.browser, desk.url, name, options, body);

const line = (page, text) => page.getByRole('row').filter({ hasText: text });
const dialog = (page, name) => page.getByRole('dialog', { name });
const nav = (page) => page.getByRole('navigation', { name: 'Main' });

test('desk: a member gets another role and labels, and is removed with a question that says what ends', LIMIT, async () => {
  await inBrowser('desk-people', { expected: [/status of 409/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(START);
    await link(nav(page), 'People').click();
    await page.getByRole('searchbox').fill(PEOPLE.learner);
    await line(page, PEOPLE.learner).getByRole('button', { name: 'Edit', exact: true }).click();
    let edit = page.getByRole('dialog');
    await edit.getByLabel('Role', { exact: true }).selectOption({ label: 'Instructor' });
    await edit.getByLabel('Group', { exact: true }).fill('night | ward 3');
    await axe(page, 'a member that is edited');
    await edit.getByRole('button', { name: 'Save', exact: true }).click();
    await line(page, PEOPLE.learner).getByText('Instructor', { exact: true }).waitFor();
    await line(page, PEOPLE.learner).getByText('night|ward 3', { exact: true }).waitFor();
    // Nobody takes the own rights away.
    await page.getByRole('searchbox').fill(PEOPLE.acme);
    await line(page, PEOPLE.acme).getByRole('button', { name: 'Edit', exact: true }).click();
    edit = page.getByRole('dialog');
    await edit.getByLabel('Role', { exact: true }).selectOption({ label: 'Learner' });
    await edit.getByRole('button', { name: 'Save', exact: true }).click();
    await edit.getByText(/You cannot change your own role here/).waitFor();
    await edit.getByRole('button', { name: 'Cancel', exact: true }).click();
    // By the keyboard: removed, after a question.
    await page.getByRole('searchbox').fill(PEOPLE.learner);
    await line(page, PEOPLE.learner).getByRole('button', { name: 'Edit', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).focus();
    await page.keyboard.press('Enter');
    const question = dialog(page, /^Remove .*\?$/);
    await question.getByText(/The membership ends\./).waitFor();
    await question.getByText(/cannot be undone/).waitFor();
    await axe(page, 'the question before a removal');
    await question.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('Nobody matches.').waitFor();
  });
});

test('desk: a course and a program are made, changed, invited to, and archived', LIMIT, async () => {
  await inBrowser('desk-catalog', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(START);
    await link(nav(page), 'Catalog').click();
    await page.getByRole('heading', { level: 1, name: 'Catalog', exact: true }).waitFor();
    for (const [key, title] of [['DESK-1', 'First desk'], ['DESK-2', 'Second desk']]) {
      await button(page, 'Add course').click();
      const form = dialog(page, 'Add a course');
      await form.getByLabel('Key', { exact: true }).fill(key);
      await form.getByLabel('Title', { exact: true }).fill(title);
      await form.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText(`${title} is saved.`).waitFor();
      await form.waitFor({ state: 'detached' }).catch(() => undefined);
    }
    // A key that is taken is said at its field.
    await button(page, 'Add course').click();
    let form = dialog(page, 'Add a course');
    await form.getByLabel('Key', { exact: true }).fill('DESK-1');
    await form.getByLabel('Title', { exact: true }).fill('Again');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await form.getByText(/has this key/).waitFor();
    await axe(page, 'a key that is taken');
    await form.getByRole('button', { name: 'Cancel', exact: true }).click();

    await button(page, 'Add program').click();
    form = dialog(page, 'Add a program');
    await form.getByLabel('Key', { exact: true }).fill('DESK-P');
    await form.getByLabel('Title', { exact: true }).fill('The desk program');
    await form.getByRole('searchbox').fill('desk');
    await form.getByRole('button', { name: 'Add First desk', exact: true }).click();
    await form.getByRole('button', { name: 'Add Second desk', exact: true }).click();
    await form.getByRole('button', { name: 'Move Second desk up', exact: true }).click();
    await axe(page, 'a program that is made');
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The desk program is saved.').waitFor();
    await page.getByRole('searchbox').fill('desk program');
    await line(page, 'DESK-P').getByRole('button', { name: 'Edit', exact: true }).click();
    form = dialog(page, 'Edit the program');
    await waitFor(async () => assert.deepEqual(await form.getByRole('listitem').allInnerTexts(), ['Second desk', 'First desk']));
    await form.getByRole('button', { name: 'Cancel', exact: true }).click();

    // Somebody is invited to it: the key stays, and archiving says what it ends.
    await page.goto(INVITE);
    await upload(page, toCsv(['email', 'courses'], [['to.desk@desk.test', 'DESK-1']]));
    await loaded(page, 1);
    await submit(page);
    await page.goto(`${START}/catalog`);
    await page.getByRole('searchbox').fill('DESK-1');
    await line(page, 'DESK-1').getByRole('button', { name: 'Edit', exact: true }).click();
    form = dialog(page, 'Edit the course');
    assert.equal(await form.getByLabel('Key', { exact: true }).isDisabled(), true);
    await form.getByRole('button', { name: 'Cancel', exact: true }).click();
    await line(page, 'DESK-1').getByRole('button', { name: 'Archive', exact: true }).click();
    const question = dialog(page, 'Archive First desk?');
    await question.getByText(/1 open invitation to it is revoked/).waitFor();
    await question.getByRole('button', { name: 'Archive', exact: true }).click();
    await page.getByText('First desk is archived, 1 invitation revoked.').waitFor();
    await button(page, 'Archived').click();
    await line(page, 'DESK-1').waitFor();
    await page.goto(`${START}/invitations?q=to.desk`);
    await link(line(page, 'to.desk@desk.test'), 'to.desk@desk.test').click();
    await page.getByText(/It was archived: nobody can be invited to it any more\./).first().waitFor();
  });
});

test('desk: tenant settings are checked, kept, and hold at once', LIMIT, async () => {
  await inBrowser('desk-settings', { expected: [/status of 422/] }, async (page) => {
    await signIn(page, PEOPLE.acme);
    await page.goto(START);
    await link(nav(page), 'Tenant settings').click();
    await field(page, 'Time zone').waitFor();
    await settled(page);
    await axe(page, 'tenant settings');
    await field(page, 'Time zone').fill('Mars/Olympus');
    await field(page, 'Days until an invitation expires').fill('400');
    await button(page, 'Save').click();
    await page.getByText(/There is no such time zone/).waitFor();
    await page.getByText('Choose 1 to 365 days.').waitFor();
    await field(page, 'Time zone').fill('Asia/Kathmandu');
    await field(page, 'Days until an invitation expires').fill('14');
    await page.getByRole('switch', { name: 'Admins may see links' }).check();
    await button(page, 'Save').click();
    await page.getByText('The settings are saved.').waitFor();
    await page.reload();
    await field(page, 'Time zone').waitFor();
    assert.equal(await field(page, 'Time zone').inputValue(), 'Asia/Kathmandu');
    assert.equal(await page.getByRole('switch', { name: 'Admins may see links' }).isChecked(), true);
    // The admin may copy links from now on.
    await page.goto(INVITE);
    await upload(page, toCsv(['email'], [['reveal.me@desk.test']]));
    await loaded(page, 1);
    await submit(page);
    await page.goto(`${START}/invitations`);
    await link(line(page, 'reveal.me@desk.test'), 'reveal.me@desk.test').click();
    await button(page, 'Copy link').waitFor();
  });
});
