// `cargo xtask screenshots`: the pictures of the README and the guides, taken
// of a demo of their own, so that they are never older than the product.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openPage, settled, signIn, startBrowser } from './fixtures/browser.mjs';
import { toCsv } from './fixtures/csv.mjs';
import { INVITE, loaded, submit, upload } from './fixtures/grid.mjs';
import { PEOPLE, startServer } from './fixtures/server.mjs';

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
await mkdir(FOLDER, { recursive: true });

const HEADER = ['E-mail', 'Prénom', 'Last name', 'role', 'group', 'external_id', 'note'];
const ROWS = [
  ['amina.diallo@example.test', 'Amina', 'Diallo', 'learner', 'Spring intake', '004711', 'Prefers mornings'],
  ['bruno.costa@gmial.com', 'Bruno', 'Costa', 'learner', 'Spring intake', '004712', ''],
  ['chen.wei at example.test', 'Chen', 'Wei', 'learner', 'Spring intake', '004713', ''],
  ['dora.novak@example.test', 'Dora', 'Nováková', 'instructor', 'Spring intake', '004714', 'Teaches “Safety first”'],
  ['', 'Elif', 'Yılmaz', 'learner', 'Spring intake', '004715', 'address follows'],
  ['femi.adeyemi@example.test', 'Femi', 'Adeyemi', 'learner', 'Evening group', '004716', ''],
  ['greta.lindqvist@example.test', 'Greta', 'Lindqvist', 'learner', 'Evening group', '004717', ''],
  ['hana.kim@example.test', 'Hana', 'Kim', 'learner', 'Evening group', '004718', ''],
  ['hana.kim@example.test', 'Hana', 'Kim', 'learner', 'Evening group', '004718', 'twice'],
  ['ivo.petrov@example.test', 'Ivo', 'Petrov', 'learner', 'Evening group', '004720', ''],
  ['jane.o’brien@example.test', 'Jane', 'O’Brien', 'learner', 'Evening group', '004721', ''],
  ['kwame.mensah@example.test', 'Kwame', 'Mensah', 'learner', 'Evening group', '004722', ''],
];
const GOOD = ROWS.filter(([email], index) => /^[a-z.]+@example\.test$/.test(email) && index !== 8);

const server = await startServer();
const browser = await startBrowser();
try {
  await invite();
  for (const colorScheme of ['light', 'dark']) {
    await desk(colorScheme);
  }
  await phone();
} finally {
  await browser.close();
  await server.stop();
}

async function shot(page, name) {
  await settled(page);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  console.log(`docs/images/${name}.png`);
}

/** Somebody is invited, and the mails have gone out, before the other pictures are taken. */
async function invite() {
  const page = await openPage(browser, server.url, { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 });
  await signIn(page, PEOPLE.acme);
  await page.goto(INVITE);
  await upload(page, toCsv(HEADER, GOOD), 'spring-intake.csv');
  await loaded(page, GOOD.length);
  await submit(page);
  await shot(page, 'submitted-light');
  await page.goto('/demo/mailbox');
  await page.getByText('hana.kim@example.test').first().waitFor();
  await page.context().close();
}

async function desk(colorScheme) {
  const page = await openPage(browser, server.url, {
    colorScheme,
    viewport: { width: 1440, height: 900 },
    deviceScaleFactor: 1,
  });
  await page.goto('/sign-in');
  await shot(page, `sign-in-${colorScheme}`);
  await signIn(page, PEOPLE.acme);
  await page.goto('/t/acme/management');
  await shot(page, `management-${colorScheme}`);
  await page.goto(INVITE);
  await upload(page, toCsv(HEADER, ROWS), 'spring-intake.csv');
  await loaded(page, ROWS.length);
  await shot(page, `review-${colorScheme}`);
  await page.goto('/t/acme/management/invitations');
  await shot(page, `invitations-${colorScheme}`);
  await page.goto('/demo/mailbox');
  await page.getByText('Hana Kim').or(page.getByText('hana.kim@example.test')).first().click();
  await shot(page, `mailbox-${colorScheme}`);
  await page.context().close();
}

async function phone() {
  const page = await openPage(browser, server.url, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1 });
  await signIn(page, PEOPLE.acme);
  await page.goto('/t/acme/management/invitations');
  await shot(page, 'invitations-phone');
  await page.context().close();
}
