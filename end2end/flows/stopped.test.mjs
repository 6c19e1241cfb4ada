// A fault that nobody foresaw: the program traps, and the page says so instead of
// staying silent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, button, signIn, withPage } from '../fixtures/browser.mjs';
import { withServer } from '../fixtures/desk.mjs';

const LIMIT = { timeout: 60_000 };
const desk = withServer();

test('a trap is told, with the way out', LIMIT, async () => {
  await withPage(desk.browser, desk.url, 'stopped', { expected: [/page error: RuntimeError: unreachable/] }, async (page) => {
    await signIn(page, 'admin@acme.test');
    // A module of one function, whose body is `unreachable`: what a panic compiles to.
    await page.evaluate(() => {
      const module = new WebAssembly.Module(
        Uint8Array.of(
          0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 5, 1, 3, 0, 0, 0x0b,
        ),
      );
      setTimeout(new WebAssembly.Instance(module).exports.f);
    });
    const dialog = page.getByRole('alertdialog', { name: 'Beckon has stopped on this page' });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /Reload the page to go on/);
    await axe(page, 'the notice of a trap');
    await button(page, 'Reload the page').click();
    await dialog.waitFor({ state: 'hidden' });
    await button(page, 'Profile').waitFor();
  });
});
