// The parts of the packing that stand alone; the whole is tested by
// `cargo xtask test --browser --release`, which drives the packed front end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assign } from './chunks.mjs';
import { bodies, nameByOrder, rename } from './module.mjs';
import { bySimilarity } from './order.mjs';

/** Imports `glue.a_long_name`; exports `twice`, which calls it on twice its number, and `unused`. */
const MODULE = Buffer.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[2, 20, 1, 4, ...Buffer.from('glue'), 11, ...Buffer.from('a_long_name'), 0, 0],
  ...[3, 3, 2, 0, 0],
  ...[7, 18, 2, 5, ...Buffer.from('twice'), 0, 1, 6, ...Buffer.from('unused'), 0, 2],
  ...[10, 17, 2, 9, 0, 0x20, 0, 0x41, 2, 0x6c, 0x10, 0, 0x0b, 5, 0, 0x20, 0, 0x45, 0x0b],
]);

test('names become short, and an export without one goes', async () => {
  const names = new Map([
    ['glue', 'g'],
    ['a_long_name', 'a'],
    ['twice', 't'],
  ]);
  const module = await WebAssembly.compile(rename(MODULE, names));
  const { exports } = await WebAssembly.instantiate(module, { g: { a: (number) => number + 1 } });
  assert.deepEqual(Object.keys(exports), ['t']);
  assert.equal(exports.t(20), 41);
});

test('functions are named by their place in the order', async () => {
  assert.deepEqual(
    bodies(MODULE).map((body) => body.length),
    [9, 5],
  );
  const module = await WebAssembly.compile(nameByOrder(MODULE, [1, 0]));
  const [section] = WebAssembly.Module.customSections(module, 'name');
  assert.match(Buffer.from(section).toString('latin1'), /\x01.f0000001\x02.f0000000$/s);
});

test('what is alike becomes neighbours, and nothing is lost', () => {
  const kinds = ['the quick brown fox', 'a lazy dog sleeps', '0123456789abcdef'];
  const strings = Array.from({ length: 30 }, (_, at) => Buffer.from(`${kinds[at % 3]} ${at}`));
  const order = bySimilarity(strings);
  assert.deepEqual([...order].sort((a, b) => a - b), [...strings.keys()]);
  const changes = order.filter((index, at) => at > 0 && index % 3 !== order[at - 1] % 3);
  assert.equal(changes.length, 2);
});

test('what belongs to two chunks stands in both', () => {
  const calls = { main: ['left', 'right'], left: ['both', 'tabled'], right: ['both', 'tabled'], both: ['deeper'], deeper: ['base'], base: [], tabled: [] };
  const functions = new Map(Object.entries(calls).map(([name, callees]) => [name, { calls: new Set(callees) }]));
  functions.get('main').calls.add('base');
  const titles = new Map([['left', 'left::draw'], ['right', 'right::draw'], ['tabled', '<shared::Click>::run']]);
  const chunks = ['left', 'right'].map((name) => ({ modules: [name, 'shared'], entries: [`${name}::draw`] }));
  const { result } = assign(functions, titles, chunks, new Set(['tabled']), new Set(['main']));
  assert.deepEqual(Object.fromEntries(result), { left: [0], tabled: [0, 1], right: [1], both: [0, 1], deeper: [0, 1] });
  // Without a word in the file it may be called by anybody.
  for (const chunk of chunks) chunk.modules.pop();
  assert.equal(assign(functions, titles, chunks, new Set(['tabled']), new Set(['main'])).result.has('tabled'), false);
});

test('a chunk has what speaks of its modules and what only that calls', () => {
  const functions = new Map(
    Object.entries({
      main: ['shared', 'enter'],
      shared: [],
      enter: ['page', 'shared'],
      page: ['helper', 'shared'],
      helper: ['deeper'],
      deeper: [],
      slot: ['helper'],
      drawn: ['other'],
      other: [],
    }).map(([name, calls]) => [name, { calls: new Set(calls) }]),
  );
  const titles = new Map([
    ['main', 'app::main'],
    ['enter', 'app::later::draw'],
    ['page', 'app::later::page'],
    ['slot', '<app::later::Click as core::FnOnce>::call_once'],
    ['drawn', 'app::laterwards::draw'],
  ]);
  const chunks = [{ modules: ['app::later'], entries: ['app::later::draw'] }];
  const { result, entries } = assign(functions, titles, chunks, new Set(['slot', 'drawn']), new Set(['main']));
  assert.deepEqual([...result.keys()].sort(), ['deeper', 'enter', 'helper', 'page', 'slot']);
  assert.deepEqual([...entries], [['enter', 0]]);

  // Without the way in, the chunk's function would run before its chunk is there.
  functions.get('shared').calls.add('page');
  assert.throws(() => assign(functions, titles, chunks, new Set(['slot']), new Set(['main'])), /outside their chunk/);
  titles.delete('enter');
  assert.throws(() => assign(functions, titles, chunks, new Set(), new Set(['main'])), /entries found/);
});
