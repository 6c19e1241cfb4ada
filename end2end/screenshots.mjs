// `cargo xtask screenshots`: the pictures of the README and the guides, taken of a demo of
// their own, so that they are never older than the product. Names given after `--` are the
// only ones that are written.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { button, field, link, openPage, settled, signIn, startBrowser } from './fixtures/browser.mjs';
import { toCsv } from './fixtures/csv.mjs';
import { INVITE, loaded, reviewGrid, submit, upload } from './fixtures/grid.mjs';
import { withPalette } from './fixtures/png.mjs';
import { PEOPLE, startServer } from './fixtures/server.mjs';

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
await mkdir(FOLDER, { recursive: true });

const ONLY = process.argv.slice(2).filter((word) => word !== '--');
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const START = '/t/acme/management';
const LIST = `${START}/invitations`;
const APPS = '/data-manager/catalog-invitation-apps';

const HEADER = ['E-mail', 'Prénom', 'Last name', 'role', 'group', 'courses', 'external_id', 'note'];
const ROWS = [
  ['amina.diallo@example.test', 'Amina', 'Diallo', 'learner', 'Spring intake', 'BIO-101', '004711', 'Prefers mornings'],
  ['bruno.costa@gmial.com', 'Bruno', 'Costa', 'learner', 'Spring intake', 'BIO-101', '004712', ''],
  ['chen.wei at example.test', 'Chen', 'Wei', 'learner', 'Spring intake', 'BIO-101', '004713', ''],
  ['dora.novak@example.test', 'Dora', 'Nováková', 'instructor', 'Spring intake', 'EDU-201', '004714', 'Teaches “Safety first”'],
  ['', 'Elif', 'Yılmaz', 'learner', 'Spring intake', 'BIO-101', '004715', 'address follows'],
  ['femi.adeyemi@example.test', 'Femi', 'Adeyemi', 'learner', 'Evening group', 'STAT-101', '004716', ''],
  ['greta.lindqvist@example.test', 'Greta', 'Lindqvist', 'learner', 'Evening group', 'STAT-101', '004717', ''],
  ['hana.kim@example.test', 'Hana', 'Kim', 'learner', 'Evening group', 'STAT-101|DATA-201|ART-101', '004718', 'Welcome back, Hana!'],
  ['hana.kim@example.test', 'Hana', 'Kim', 'learner', 'Evening group', 'STAT-101|DATA-201|ART-101', '004718', 'twice'],
  ['ivo.petrov at example.test', 'Ivo', 'Petrov', 'learner', 'Evening group', 'STAT-101', '004720', ''],
  ['jane.obrien@example.test', 'Jane', 'O’Brien', 'learner', 'Evening group', 'STAT-101', '004721', ''],
  ['kwame.mensah@example.test', 'Kwame', 'Mensah', 'learner', 'Evening group', 'STAT-101', '004722', ''],
];
const GOOD = ROWS.filter(([email], index) => /^[a-z.]+@example\.test$/.test(email) && index !== 8);
const AUTUMN = [
  ['femi.adeyemi@example.test', 'Femi', 'Adeyemi', 'learner', 'Autumn', 'CS-101', '004716', ''],
  ['hana.kim@example.test', 'Hana', 'Kim', 'learner', 'Autumn', 'CS-101', '004718', ''],
  ['lena.vogel@example.test', 'Lena', 'Vogel', 'learner', 'Autumn', 'CS-101', '004731', ''],
  ['mateo.rossi@example.test', 'Mateo', 'Rossi', 'learner', 'Autumn', 'CS-101', '004732', ''],
  [PEOPLE.learner, 'Leo', 'Tanaka', 'learner', 'Autumn', 'CS-101', '004733', ''],
];

// Long enough for the picture of the undo, short enough to wait for the mails.
const server = await startServer({ args: ['--mail-hold-seconds', '12', '--mail-from', 'Acme Academy <invitations@acme.test>'] });
const browser = await startBrowser();
try {
  const admin = await open(PEOPLE.acme);
  await invite(admin);
  await answer(admin);
  await follow(admin);
  await manage(admin);
  await admin.context().close();
  await platform();
  await dark();
} finally {
  await browser.close();
  await server.stop();
}

async function open(who, { viewport = DESK, colorScheme = 'light' } = {}) {
  const page = await openPage(browser, server.url, { colorScheme, viewport, deviceScaleFactor: 1 });
  if (who) await signIn(page, who);
  return page;
}

async function shot(page, name) {
  if (ONLY.length > 0 && !ONLY.includes(name)) return;
  await settled(page);
  await page.waitForFunction(() => !document.querySelector('.spinner'));
  await writeFile(`${FOLDER}${name}.png`, withPalette(await page.screenshot()));
  console.log(`docs/images/${name}.png`);
}

/** A list: brought in, mapped, corrected, submitted. */
async function invite(page) {
  await page.goto(INVITE);
  await button(page, 'Upload CSV').waitFor();
  await shot(page, 'invite-light');
  await upload(page, toCsv(HEADER, ROWS), 'spring-intake.csv');
  const review = await loaded(page, ROWS.length);
  await shot(page, 'review-light');
  await button(page, 'Map columns').click();
  await page.getByRole('dialog').waitFor();
  await shot(page, 'map-columns-light');
  await button(page, 'Done').click();
  await button(page, 'Suggested fixes').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Fix 2' }).waitFor();
  await shot(page, 'fixes-light');
  await button(page, 'Done').click();
  await button(page, 'Reading options').click();
  await page.getByRole('region', { name: 'First rows' }).waitFor();
  await shot(page, 'reading-options-light');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
  await review.cell(3, 2).click();
  await button(page, 'Fix all 2').waitFor();
  await shot(page, 'cure-light');
  await page.keyboard.press('Control+f');
  await field(page, 'Find').fill('Evening');
  await field(page, 'Replace with').fill('Night');
  await shot(page, 'find-light');
  await page.keyboard.press('Escape');
  await removeList(page);
  await upload(page, toCsv(HEADER, GOOD), 'spring-intake.csv');
  await loaded(page, GOOD.length);
  await submit(page);
  await button(page, /^Undo import/).first().waitFor().catch(() => undefined);
  await shot(page, 'submitted-light');
}

async function removeList(page) {
  await button(page, 'Remove this list').click();
  const question = page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true });
  if (await question.isVisible().catch(() => false)) await question.click();
}

/** A link of somebody's mail. */
async function mailed(page, email, path) {
  await page.goto('/demo/mailbox');
  await page.getByRole('navigation', { name: 'Mails' }).getByRole('link').filter({ hasText: email }).first().click({ timeout: 60_000 });
  await page.getByRole('tab', { name: /text/i }).click();
  const text = await page.locator('pre.letter__text').innerText();
  return new RegExp(`https?://\\S+/${path}#\\S+`).exec(text)[0];
}

/** What the invited do: Hana accepts, Femi wants no more mail; and a second list follows. */
async function answer(page) {
  const offer = await mailed(page, 'hana.kim@example.test', 'i');
  await page.getByRole('tab').first().click();
  await shot(page, 'mailbox-light');
  const hana = await open(null, { viewport: PHONE });
  await hana.goto(offer);
  await field(hana, 'Password').waitFor();
  await shot(hana, 'landing-phone');
  await field(hana, 'Password').fill('a long enough password');
  await button(hana, 'Create account and accept').click();
  await hana.getByRole('heading', { name: 'My courses' }).waitFor();

  const femi = await open(null);
  await femi.goto(await mailed(page, 'femi.adeyemi@example.test', 'never'));
  await button(femi, 'Never invite me again').click();
  await femi.getByText(/can no longer invite/).waitFor();
  await femi.context().close();

  await page.goto(INVITE);
  await upload(page, toCsv(HEADER, AUTUMN), 'autumn-intake.csv');
  await loaded(page, AUTUMN.length);
  await submit(page);
  // Her second invitation waits where she is signed in.
  await hana.goto('/home');
  await button(hana, 'Accept').first().waitFor();
  for (const word of await hana.getByRole('button', { name: /^Close|^Dismiss/ }).all()) await word.click().catch(() => undefined);
  await shot(hana, 'home-phone');
  await hana.context().close();
}

/** The lists, and one line of each. */
async function follow(page) {
  await page.goto(LIST);
  const line = (email) => page.getByRole('row').filter({ hasText: email });
  await line('hana.kim@example.test').first().waitFor();
  await shot(page, 'invitations-light');
  await page.getByRole('checkbox', { name: 'Select kwame.mensah@example.test' }).click();
  await page.getByRole('checkbox', { name: 'Select greta.lindqvist@example.test' }).click({ modifiers: ['Shift'] });
  await page.getByRole('toolbar', { name: 'Selected invitations' }).waitFor();
  await shot(page, 'bulk-light');
  await page.goto(`${LIST}?q=greta`);
  await link(line('greta.lindqvist@example.test'), 'Greta Lindqvist').click();
  await button(page, 'Extend').click();
  const day = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('Last day', { exact: true }).fill(day);
  await page.getByRole('dialog').getByRole('button', { name: 'Extend', exact: true }).click();
  await page.getByRole('listitem').filter({ hasText: /^Extended/ }).waitFor();
  await page.reload();
  await page.getByRole('listitem').filter({ hasText: /^Extended/ }).waitFor();
  await shot(page, 'invitation-light');
  await page.goto(`${START}/imports`);
  await link(page, 'autumn-intake.csv').waitFor();
  await shot(page, 'imports-light');
  await link(page, 'autumn-intake.csv').click();
  await page.getByRole('heading', { name: 'Rows', exact: true }).waitFor();
  await shot(page, 'import-light');

  const phone = await open(PEOPLE.acme, { viewport: PHONE });
  await phone.goto(LIST);
  await phone.getByText('hana.kim@example.test').first().waitFor();
  await shot(phone, 'invitations-phone');
  await phone.context().close();
}

/** What belongs to the tenant, and the own account. */
async function manage(page) {
  await page.goto(START);
  await page.getByRole('row').nth(1).waitFor();
  await shot(page, 'management-light');
  for (const [path, name, ready] of [
    [`${START}/people`, 'people-light', page.getByRole('row').nth(1)],
    [`${START}/catalog`, 'catalog-light', page.getByRole('row').nth(1)],
    [`${START}/settings`, 'tenant-settings-light', field(page, 'Time zone')],
    ['/settings', 'settings-light', field(page, 'First name')],
  ]) {
    await page.goto(path);
    await ready.waitFor();
    // A demo's hold is shorter than a tenant's.
    if (name === 'tenant-settings-light') await field(page, 'Seconds that mails are held').fill('60');
    await shot(page, name);
  }
  const nobody = await open(null);
  await nobody.goto('/forgot');
  await field(nobody, 'Email').waitFor();
  await shot(nobody, 'forgot-light');
  await nobody.context().close();
}

function combo(page, name) {
  return page.getByRole('combobox', { name, exact: true });
}

/** Types into a combobox and takes what has the text. */
async function pick(page, name, typed, text) {
  await combo(page, name).fill(typed);
  await page.getByRole('listbox').getByRole('option').filter({ hasText: text }).first().click();
}

/** What super-admins see and do. */
async function platform() {
  const page = await open(PEOPLE.super);
  await page.goto('/data-manager');
  await page.getByRole('region', { name: 'Tenants', exact: true }).getByRole('row').nth(1).waitFor();
  await shot(page, 'tenants-light');
  await field(page, 'Search users').fill('anderson');
  await page.getByRole('row').filter({ hasText: 'aaliyah.anderson' }).waitFor();
  await field(page, 'Search users').scrollIntoViewIfNeeded();
  await shot(page, 'users-light');

  await page.goto('/data-manager/upload/users');
  const people = [
    ['amina.diallo@example.test', 'Amina', 'Diallo', 'amina'],
    ['chen.wei at example.test', 'Chen', 'Wei', ''],
    ['dora.novak@example.test', 'Dora', 'Nováková', 'dora'],
  ];
  const buffer = Buffer.from(toCsv(['E-mail', 'First name', 'Last name', 'Username'], people));
  await page.locator('input[type=file]').first().setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('grid', { name: 'Review' }).getByText('dora.novak@example.test').waitFor();
  await shot(page, 'upload-users-light');

  await page.goto(`${APPS}/course/add`);
  await pick(page, 'User', PEOPLE.learner, PEOPLE.learner);
  await pick(page, 'Course', 'compilers', 'Compilers');
  await page.waitForFunction(() => document.querySelector('#tenant').value !== '');
  await button(page, 'Save').click();
  await page.getByRole('status').getByText(/is invited to Compilers/).waitFor();
  await pick(page, 'User', 'aaliyah', 'aaliyah');
  await combo(page, 'Course').fill('data');
  await page.getByRole('listbox').getByRole('option').nth(1).waitFor();
  await combo(page, 'Course').press('ArrowDown');
  await shot(page, 'add-course-light');

  await page.goto(`${APPS}/course`);
  await page.getByRole('row').nth(3).waitFor();
  await button(page, 'Filter and sort').click();
  await field(page, 'Sort').waitFor();
  await shot(page, 'app-list-light');
  await page.goto('/data-manager/audit');
  await page.getByRole('region', { name: 'Record' }).getByRole('row').nth(3).waitFor();
  await shot(page, 'audit-light');
  await codes(page);
  await page.goto(APPS);
  await link(page, 'Add Placeholder Invitations').waitFor();
  await shot(page, 'apps-light');
  await page.context().close();
}

/** Codes on paper, and one of them on a phone. */
async function codes(page) {
  await page.goto(`${APPS}/placeholder/add`);
  await page.getByLabel('Placeholder', { exact: true }).selectOption('blank');
  await field(page, 'How many').fill('12');
  await field(page, 'Source').fill('Open day 2026');
  await pick(page, 'Platform', 'acme', 'Acme');
  await button(page, 'Make codes').click();
  await link(page, 'See the codes of Open day 2026').click();
  await page.getByRole('row').filter({ hasText: 'Unassigned' }).nth(11).waitFor();
  await page.getByRole('button', { name: 'Copy the code of number 1', exact: true }).click();
  const code = await field(page, 'Code').inputValue();
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).first().click();
  const visitor = await open(null, { viewport: PHONE });
  await visitor.goto('/redeem');
  await field(visitor, 'Code').fill(code);
  await shot(visitor, 'redeem-phone');
  await button(visitor, 'Continue').click();
  await field(visitor, 'Email').fill('lena.vogel@example.test');
  await field(visitor, 'First name').fill('Lena');
  await field(visitor, 'Last name').fill('Vogel');
  await field(visitor, 'Password').fill('a long enough password');
  await button(visitor, 'Create account and accept').click();
  await visitor.getByRole('heading', { name: 'My invitations', exact: true }).waitFor();
  await visitor.context().close();
  await page.getByRole('row').filter({ hasText: 'Lena' }).waitFor();
  await shot(page, 'codes-light');
  await button(page, 'Print cards').click();
  await page.getByRole('list', { name: 'Cards' }).getByRole('listitem').nth(10).waitFor();
  await shot(page, 'cards-light');
}

/** The same in the dark. */
async function dark() {
  const page = await open(PEOPLE.acme, { colorScheme: 'dark' });
  await page.goto(INVITE);
  await upload(page, toCsv(HEADER, ROWS), 'spring-intake.csv');
  await loaded(page, ROWS.length);
  await reviewGrid(page).cell(3, 2).click();
  await button(page, 'Fix all 2').waitFor();
  await shot(page, 'review-dark');
  await page.context().close();

  const all = await open(PEOPLE.super, { colorScheme: 'dark' });
  await all.goto(`${APPS}/course`);
  await all.getByRole('row').nth(3).waitFor();
  await shot(all, 'app-list-dark');
  await all.context().close();
}
