// kill −9 of the real server in the middle of a large import: after a restart the
// work goes on, nothing is lost and nothing is there twice. On both engines.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PASSWORD, PEOPLE, startServer } from '../fixtures/server.mjs';

const ROWS = 30_000;
const CHUNK = 1_000;
const LIMIT = { timeout: 300_000 };
const sha = (text) => createHash('sha256').update(text).digest('hex');

/** Signs in and calls as a browser would, without one. */
async function client(url) {
  let cookie = '';
  const call = async (path, body) => {
    const answer = await fetch(`${url}/api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie },
      body: JSON.stringify(body),
    });
    const set = answer.headers.getSetCookie().map((one) => one.split(';')[0]);
    if (set.length > 0) cookie = set.join('; ');
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  await call('session/sign_in', { input: { email: PEOPLE.acme, password: PASSWORD } });
  return call;
}

function chunks() {
  const rows = Array.from({ length: ROWS }, (_, row) => ({
    row,
    line: row + 2,
    email: `kill.${row}@example.test`,
    first_name: `First${row}`,
  }));
  return Array.from({ length: ROWS / CHUNK }, (_, number) => {
    const part = rows.slice(number * CHUNK, (number + 1) * CHUNK);
    return { position: number * CHUNK, rows: part, hash: sha(JSON.stringify(part)) };
  });
}

async function story(databaseUrl) {
  const args = ['--mail-hold-seconds', '3600'];
  let server = await startServer({ args, databaseUrl });
  const { data } = server;
  try {
    const parts = chunks();
    const begin = {
      tenant: 'acme',
      idempotency_key: 'kill-test-0123456789abcdef',
      file_name: 'kill.csv',
      rows: ROWS,
      content_hash: sha(parts.map(({ hash }) => hash).join('')),
      mode: 'valid_now',
    };
    let call = await client(server.url);
    const { import: id } = await call('imports/begin', { input: begin });
    for (const part of parts) {
      await call('imports/chunk', { input: { tenant: 'acme', import: id, ...part } });
    }
    await call('imports/commit', { input: { tenant: 'acme', import: id } });
    const status = () => call('imports/status', { input: { tenant: 'acme', import: id } });
    let now = await status();
    while (now.processed === 0) {
      await delay(10);
      now = await status();
    }
    assert.ok(now.processed < ROWS, `killed in the middle, at ${now.processed}`);
    await server.kill();

    server = await startServer({ args, databaseUrl, data });
    call = await client(server.url);
    // The same key with the same content is the same import, not another one.
    assert.equal((await call('imports/begin', { input: begin })).import, id);
    const deadline = Date.now() + 180_000;
    do {
      await delay(200);
      now = await status();
      assert.ok(Date.now() < deadline, `still ${now.state} at ${now.processed}`);
    } while (now.state !== 'done');
    assert.equal(now.processed, ROWS);
    assert.deepEqual(now.outcomes, { created: ROWS }, 'every row once');
    // The list has each of them, and nobody else.
    let listed = 0;
    let after = null;
    do {
      const input = { tenant: 'acme', filter: { status: 'pending' }, after, limit: 100 };
      const page = await call('invitations/list', { input });
      listed += page.bundles.length;
      after = page.next;
    } while (after);
    assert.equal(listed, ROWS);
    const outcomes = [];
    for (let from = 0; from < ROWS; from += 10_000) {
      const input = { tenant: 'acme', import: id, from, limit: 10_000 };
      outcomes.push(...(await call('imports/outcomes', { input })));
    }
    assert.deepEqual(outcomes.map(({ row }) => row), parts.flatMap(({ rows }) => rows.map(({ row }) => row)));
    assert.equal(new Set(outcomes.map(({ bundle }) => bundle)).size, ROWS, 'a bundle each');
  } finally {
    await server.stop();
  }
}

test('I8 kill −9 in the middle of an import loses nothing and doubles nothing (SQLite)', LIMIT, () => story());

test('I8 kill −9 in the middle of an import loses nothing and doubles nothing (PostgreSQL)', LIMIT, async () => {
  const admin = process.env.BECKON_TEST_POSTGRES;
  assert.ok(admin, 'BECKON_TEST_POSTGRES names no PostgreSQL server: run cargo xtask test');
  const { default: pg } = await import('pg');
  const name = `beckon_kill_${process.pid}`;
  const connection = new pg.Client({ connectionString: admin });
  await connection.connect();
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.end();
  await story(admin.replace(/\/[^/]*$/, `/${name}`));
});
