// No mail server is named: the pages where people are invited say so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { axe, settled, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload } from '../fixtures/grid.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { PASSWORD } from '../fixtures/server.mjs';

const LIMIT = { timeout: 120_000 };
const ADMIN = 'ada@acme.test';
const desk = withServer({
  before: async () => {
    const data = await mkdtemp(join(tmpdir(), 'beckon-e2e-'));
    const create = ['tenant', 'create', '--slug', 'acme', '--name', 'Acme', '--admin', ADMIN, '--data-dir', data];
    const made = spawnSync(process.env.BECKON_BIN, create, { input: `${PASSWORD}\n` });
    assert.equal(made.status, 0, String(made.stderr));
    return { command: 'serve', data };
  },
});

test('F20 without a mail server people are invited, and a banner says that nobody is mailed', LIMIT, async () => {
  await withPage(desk.browser, desk.url, 'no-mail', {}, async (page) => {
    await signIn(page, ADMIN);
    const banner = page.getByText('No mail server is set up.');
    await page.goto('/t/acme/management');
    await banner.waitFor();
    await page.goto(INVITE);
    await banner.waitFor();
    await settled(page);
    await axe(page, 'the banner of no mail server');
    await upload(page, toCsv(['email', 'first_name'], [['nora@people.test', 'Nora']]));
    await loaded(page, 1);
    await submit(page);
    await page.goto('/t/acme/management/invitations');
    await page.getByText('nora@people.test').first().waitFor();
    await page.getByText('No mail', { exact: true }).first().waitFor();
  });
});
