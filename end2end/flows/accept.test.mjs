// The other half of the promise: a mail arrives, its link is followed, the
// person registers, and the admin who never looked away sees it turn Accepted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { button, field, openPage, signIn, startBrowser, withPage } from '../fixtures/browser.mjs';
import { toCsv } from '../fixtures/csv.mjs';
import { INVITE, loaded, submit, upload, waitFor } from '../fixtures/grid.mjs';
import { startServer } from '../fixtures/server.mjs';
import { linksUnder, startSmtp } from '../fixtures/smtp.mjs';

const LIMIT = { timeout: 180_000 };
const PASSWORD = 'a long enough password';
let browser;
let smtp;
let server;

before(async () => {
  smtp = await startSmtp();
  browser = await startBrowser();
  // The access log is part of what must hold no token, and says nothing above debug.
  const env = { BECKON_LOG: 'info,server=debug' };
  server = await startServer({ args: ['--smtp-url', smtp.url, '--mail-hold-seconds', '0'], env });
}, LIMIT);

after(async () => {
  await browser?.close();
  await server?.stop();
  await smtp?.stop();
});

async function invite(page, email, first, last) {
  await page.goto(INVITE);
  await upload(page, toCsv(['email', 'first_name', 'last_name'], [[email, first, last]]));
  await loaded(page, 1);
  await submit(page);
}

async function linkFor(email, nth = 1) {
  const mail = await smtp.mime(email, { nth });
  const links = linksUnder(mail.text, server.url).filter((url) => new URL(url).pathname === '/i');
  assert.equal(new Set(links).size, 1, `one invitation link in the text part:\n${mail.text}`);
  assert.ok(linksUnder(mail.html, server.url).includes(links[0]), 'the same link in the HTML part');
  return links[0];
}

const line = (page, email) => page.getByRole('row').filter({ hasText: email });

test('S08 the mailed link registers a person, and Pending turns Accepted in the open list', LIMIT, async () => {
  const email = 'nadia.rahman@example.test';
  await withPage(browser, server.url, 'accept-admin', {}, async (admin) => {
    await signIn(admin, 'admin@acme.test');
    await invite(admin, email, 'Nadia', 'Rahman');
    await admin.goto('/t/acme/management/invitations');
    await line(admin, email).getByText('Pending', { exact: true }).waitFor();
    const link = await linkFor(email);
    const marker = await admin.evaluate(() => {
      globalThis.__neverReloaded = true;
      return globalThis.__neverReloaded;
    });
    assert.equal(marker, true);

    await withPage(browser, server.url, 'accept-person', {}, async (person) => {
      const token = new URL(link).hash.slice(1);
      const seen = [];
      person.on('request', (request) => {
        seen.push([request.method(), request.url(), JSON.stringify(request.headers())]);
      });
      const opening = person.waitForResponse((answer) => answer.url().endsWith('/api/landing/open'));
      await person.goto(link);
      const opened = await opening;
      assert.equal(opened.status(), 200);
      assert.equal(opened.headers()['cache-control'], 'no-store', 'no cache keeps what the link opened');
      const main = person.getByRole('main');
      await main.getByText('Acme Academy').first().waitFor();
      // Masked: enough for the owner to know it, for nobody else to learn it.
      assert.doesNotMatch(await main.innerText(), /nadia\.rahman@example\.test/);
      assert.ok(token.length >= 22, 'a token of at least 128 bits');
      await waitFor(() => assert.ok(!person.url().includes(token), 'no token in the address bar'));
      for (const [method, url, headers] of seen) {
        assert.ok(!url.includes(token), `${method} ${url} carries the token`);
        assert.ok(!headers.includes(token), `a header of ${method} ${url} carries the token`);
      }
      await waitFor(() => assert.match(server.log(), /"\/api\/landing\/open"/, 'the log has its access lines'));
      assert.ok(!server.log().includes(token), 'no token in the log');

      // Reload keeps the invitation: the cookie carries it now.
      await person.reload();
      await main.getByText('Acme Academy').first().waitFor();

      // Nor is it in the history: away and back again, the address stays without it.
      await person.goto('/sign-in');
      await person.goBack();
      await main.getByText('Acme Academy').first().waitFor();
      assert.ok(!person.url().includes(token), 'no token in the history');
      await person.goForward();
      await person.goBack();
      await main.getByText('Acme Academy').first().waitFor();
      assert.ok(!person.url().includes(token), 'no token in the history');
      await field(person, 'First name').fill('Nadia');
      await field(person, 'Last name').fill('Rahman');
      await field(person, 'Password').fill(PASSWORD);
      await main.getByRole('button', { name: /register|create|accept/i }).click();
      await button(person, 'Profile').waitFor();
      await person.getByRole('heading', { name: 'My invitations' }).waitFor();
      await person.getByRole('heading', { name: 'My courses' }).waitFor();
    });

    await line(admin, email).getByText('Accepted', { exact: true }).waitFor({ timeout: 30_000 });
    assert.equal(await admin.evaluate(() => globalThis.__neverReloaded), true, 'without a reload');
  });

  // Used: the same neutral page as a link that never was.
  await withPage(browser, server.url, 'accept-used', { expected: [/404/] }, async (page) => {
    await page.goto(await linkFor(email));
    await page.getByRole('main').getByRole('heading').first().waitFor();
    await waitFor(async () => assert.doesNotMatch(await page.getByRole('main').innerText(), /Acme/));
    const used = await page.getByRole('main').innerText();
    await page.goto('about:blank');
    await page.goto(`${server.url}/i#${'A'.repeat(43)}`);
    await waitFor(async () => assert.equal(await page.getByRole('main').innerText(), used));
  });
});

test('S09 reading the link changes nothing, for scanners as for people', LIMIT, async () => {
  const email = 'scanned@example.test';
  await withPage(browser, server.url, 'accept-scan', {}, async (admin) => {
    await signIn(admin, 'admin@acme.test');
    await invite(admin, email, 'Sam', 'Scanned');
    const link = await linkFor(email);
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const answer = await fetch(link, { method, redirect: 'manual' });
      assert.ok(answer.status < 500, `${method} answered ${answer.status}`);
      assert.equal(answer.headers.get('set-cookie'), null, `${method} sets no cookie`);
    }
    // A browser that only looks: opened, shown, closed.
    const looker = await openPage(browser, server.url);
    await looker.goto(link);
    await looker.getByRole('main').getByText('Acme Academy').first().waitFor();
    await looker.finish();
    await admin.goto('/t/acme/management/invitations');
    await line(admin, email).getByText('Pending', { exact: true }).waitFor();
  });
});

test('S11 signed in as somebody else, the link offers to sign out and nothing more', LIMIT, async () => {
  const email = 'right.person@example.test';
  await withPage(browser, server.url, 'accept-mismatch', {}, async (admin) => {
    await signIn(admin, 'admin@acme.test');
    await invite(admin, email, 'Right', 'Person');
    const link = await linkFor(email);
    await withPage(browser, server.url, 'accept-mismatch-other', {}, async (other) => {
      await signIn(other, 'learner@acme.test');
      await other.goto(link);
      const main = other.getByRole('main');
      await main.getByRole('button', { name: /sign out/i }).waitFor();
      assert.equal(await main.getByRole('button', { name: /^accept/i }).count(), 0);
    });
    await admin.goto('/t/acme/management/invitations');
    await line(admin, email).getByText('Pending', { exact: true }).waitFor();
  });
});
