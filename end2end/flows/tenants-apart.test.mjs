// Two tenants on one server: what one does, the other cannot see, and a
// foreign address answers exactly as one that does not exist.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, signIn, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { withServer } from '../fixtures/desk.mjs';
import { INVITE, loaded, submit, upload } from '../fixtures/grid.mjs';

const LIMIT = { timeout: 120_000 };
const desk = withServer();

test('S21 what Acme invites, Globex never sees', LIMIT, async () => {
  const email = 'only.acme@example.test';
  await withPage(desk.browser, desk.url, 'apart-acme', {}, async (acme) => {
    await signIn(acme, 'admin@acme.test');
    await acme.goto(INVITE);
    await upload(acme, toCsv(['email', 'first_name'], [[email, 'Only']]));
    await loaded(acme, 1);
    await submit(acme);
    await acme.goto('/t/acme/management/invitations');
    await acme.getByRole('row').filter({ hasText: email }).first().waitFor();
  });

  await withPage(desk.browser, desk.url, 'apart-globex', { expected: [/status of 40[34]/] }, async (globex) => {
    const bodies = [];
    globex.on('response', async (response) => {
      if (response.url().includes('/api/') && !response.url().includes('/events')) {
        bodies.push(await response.text().catch(() => ''));
      }
    });
    await signIn(globex, 'admin@globex.test');
    await globex.goto('/t/globex/management/invitations');
    await globex.getByRole('heading', { name: 'Invitations', exact: true }).first().waitFor();
    // Nobody is there before the answer either: it has to have come.
    const searched = globex.waitForResponse(
      (response) =>
        response.url().endsWith('/api/invitations/list') &&
        response.request().postDataJSON().input.filter.search === 'only.acme',
    );
    await globex.getByRole('searchbox').first().fill('only.acme');
    const answer = await searched;
    assert.equal(answer.status(), 200);
    assert.deepEqual((await answer.json()).bundles, []);
    await globex.getByText('Nobody matches.').waitFor();
    assert.equal(await globex.getByRole('row').filter({ hasText: email }).count(), 0);

    for (const path of ['management', 'management/invite', 'management/invitations', 'management/imports', 'management/people']) {
      const foreign = await mainText(globex, `/t/acme/${path}`, 'acme');
      const missing = await mainText(globex, `/t/nowhere/${path}`, 'nowhere');
      assert.equal(foreign, missing, `/t/acme/${path} answers as a tenant that is not there`);
      assert.doesNotMatch(foreign, /Acme Academy/);
    }
    for (const body of bodies) {
      assert.ok(!body.includes(email), 'no answer carries the other tenant’s address');
    }
    // By hand, past the pages: the same answer for a foreign and a missing tenant.
    const filter = {
      search: '', status: null, delivery: null, role: null, kind: null,
      inviter: null, import: null, from: null, to: null,
    };
    const ask = (tenant) =>
      globex.evaluate(async ([slug, filter]) => {
        const answer = await fetch('/api/invitations/list', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ input: { tenant: slug, filter, sort: 'created', reversed: false, after: null, limit: 50 } }),
        });
        return [answer.status, await answer.text()];
      }, [tenant, filter]);
    assert.deepEqual(await ask('acme'), await ask('nowhere'));
    assert.equal((await ask('globex'))[0], 200, 'while the own tenant answers');
  });
});

async function mainText(page, path, slug) {
  await page.goto(path);
  await page.getByRole('main').getByRole('heading').first().waitFor();
  await settled(page);
  return (await page.getByRole('main').innerText()).replaceAll(slug, '…');
}
