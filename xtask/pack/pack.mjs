// Packs what Trunk built for shipping: `node pack.mjs DIST TOOLS CHUNKS`, TOOLS being the
// folder whose node_modules hold esbuild and binaryen, CHUNKS a JSON file that says
// what is loaded later: `[{ name, entries, modules, paths }]`.
//
// 1. The glue of wasm-bindgen is bundled without what nothing calls, and minified.
// 2. The names that glue and wasm call each other by become short ones, the exports
//    that nobody calls go, wasm-opt takes out what only they needed, and functions that
//    are alike become neighbours, so that brotli finds more.
// 3. What the first page does not need becomes chunks of their own: `chunks.mjs`.
// 4. The style sheets become one and the scripts two, so that fewer are asked for.
// 5. Every file that compresses gets FILE.br beside it: brotli at its highest.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { cut } from './chunks.mjs';
import { bodies, functionNames, nameByOrder, nameOf, rename } from './module.mjs';
import { bySimilarity } from './order.mjs';

const [dist, tools, chunksFile] = process.argv.slice(2);
const chunks = JSON.parse(readFileSync(chunksFile, 'utf8'));
const { buildSync, transformSync } = createRequire(join(tools, 'package.json'))('esbuild');

/** What Rust's wasm target takes for granted; wasm-opt must know it, and no more. */
const FEATURES = [
  'bulk-memory',
  'mutable-globals',
  'multivalue',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
].map((name) => `--enable-${name}`);

/** Distance codes (RFC 7932, section 4: NPOSTFIX, NDIRECT) that have suited wasm best. */
const DISTANCES = [
  [0, 0],
  [0, 8],
  [1, 24],
];

let index = readFileSync(join(dist, 'index.html'), 'utf8');
const wasmName = the(/frontend-[0-9a-f]+_bg\.wasm/);
const glueName = the(/frontend-[0-9a-f]+\.js/);
const sheets = tags(/<link\b[^>]*rel=["']?stylesheet[^>]*>/g, 'href');
const scripts = tags(/<script\b[^>]*\bsrc=[^>]*><\/script>/g, 'src');

const { glue, wasm, names } = shorten(read(glueName), readFileSync(join(dist, wasmName)));
const parts = divide(wasm, names);
const wasmPath = write('app', 'wasm', parts.first);
const chunkPaths = chunks.map(({ name }, at) => write(name, 'wasm', parts.later[at]));
const appPath = write('app', 'js', bundle(`${glue}\n${start()}`));
const earlyPath = write('early', 'js', minify(scripts.map(({ name }) => read(name)).join('\n'), 'js'));
const sheetPath = write('app', 'css', minify(sheets.map(({ name }) => read(name)).join('\n'), 'css'));

// In the head: nothing may be painted before the theme and the styles are known.
index = index
  .replace(/<script type=["']?module["']?>[\s\S]*?<\/script>/, '')
  .replace(new RegExp(`<link\\b[^>]*(?:${glueName}|${wasmName})[^>]*>`, 'g'), '');
replaceAll(scripts, `<script src=${earlyPath}></script>`);
replaceAll(
  sheets,
  `<link href=${sheetPath} rel=stylesheet><script type=module src=${appPath}></script>` +
    `<link rel=preload as=fetch crossorigin type=application/wasm href=${wasmPath}>`,
);
writeFileSync(join(dist, 'index.html'), index);
for (const name of [wasmName, glueName, ...[...sheets, ...scripts].map((one) => one.name)]) rmSync(join(dist, name));
compress();

function the(pattern) {
  const found = index.match(pattern)?.[0];
  if (!found) throw new Error(`index.html names no ${pattern}`);
  return found;
}

/** The tags that match, each with the file that it names. */
function tags(pattern, attribute) {
  const found = [...index.matchAll(pattern)].map(([tag]) => ({
    tag,
    name: tag.match(new RegExp(`\\b${attribute}=["']?/([^"' >]+)`))?.[1],
  }));
  if (found.length === 0 || found.some(({ name }) => !name)) throw new Error(`index.html has no ${pattern}`);
  return found;
}

/** The first tag becomes `text`, the others go. */
function replaceAll(found, text) {
  for (const [at, { tag }] of found.entries()) index = index.replace(tag, () => (at === 0 ? text : ''));
}

function read(name) {
  return readFileSync(join(dist, name), 'utf8');
}

/** Writes a file under a name that changes with its bytes; its path on the server. */
function write(stem, extension, content) {
  const bytes = Buffer.from(content);
  const name = `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.${extension}`;
  writeFileSync(join(dist, name), bytes);
  return `/${name}`;
}

function minify(text, loader) {
  return transformSync(text, { loader, minify: true, legalComments: 'none' }).code;
}

function bundle(text, options = { minify: true }) {
  return buildSync({
    stdin: { contents: text, resolveDir: dist },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    ...options,
  }).outputFiles[0].text;
}

/** The glue and the wasm with short names between them and no export that the glue leaves alone. */
function shorten(source, bytes) {
  // What a bundler cannot see: neither line does anything where its class is not used.
  const plain = source
    .replace(/^if \(Symbol\.dispose\) .*$/gm, '')
    .replace(/new FinalizationRegistry\(/g, '/* @__PURE__ */ new FinalizationRegistry(')
    .replace(/^export (class|\{)/gm, (all, what) => (what === 'class' ? 'class' : all));
  const called = bundle(
    `${plain.replace(/^export \{.*$/gm, '')}\n__wbg_init({ module_or_path: "x" });`,
    { minify: false },
  );
  const module = new WebAssembly.Module(bytes);
  const names = new Map();
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (!names.has(from)) names.set(from, short(names.size));
    if (!names.has(name)) names.set(name, short(names.size));
  }
  const kept = new Set([...called.matchAll(/\bwasm\.(\w+)/g)].map(([, name]) => name));
  for (const { name } of WebAssembly.Module.exports(module)) {
    if (kept.has(name) && !names.has(name)) names.set(name, short(names.size));
  }
  // An import's name may stand in the glue's own functions too; those follow along.
  const glue = plain
    .replace(/^export \{.*$/gm, '')
    .replace(/"\.\/[\w-]+_bg\.js"/g, (text) => JSON.stringify(names.get(JSON.parse(text)) ?? JSON.parse(text)))
    .replace(/\bwasm\.(\w+)/g, (all, name) => (kept.has(name) ? `wasm.${names.get(name)}` : all))
    .replace(/^(\s+)(__wb\w+)(: function|: \(|\()/gm, (all, space, name, rest) =>
      names.has(name) ? `${space}${names.get(name)}${rest}` : all,
    );
  return { glue, wasm: rename(bytes, names, { custom: true }), names };
}

/**
 * Starts the program. `beckonChunk(name)` fulfils when that chunk is in place; a page
 * whose path a chunk serves asks for it at once, beside the first module.
 */
function start() {
  const table = chunks.map(({ name, paths }, at) => `${JSON.stringify(name)}: [${JSON.stringify(chunkPaths[at])}, /${paths.replaceAll('/', '\\/')}/]`);
  return `
const started = __wbg_init({ module_or_path: ${JSON.stringify(wasmPath)} });
const chunks = { ${table.join(', ')} };
const fetched = {};
const placed = {};
const ask = (name) => fetched[name] ??= WebAssembly.compileStreaming(fetch(chunks[name][0]));
const place = async (name) => {
  const [chunk] = await Promise.all([ask(name), started]);
  await WebAssembly.instantiate(chunk, { ...__wbg_get_imports(), p: wasm });
};
globalThis.beckonChunk = (name) => placed[name] ??= place(name).catch((error) => {
  delete fetched[name];
  delete placed[name];
  throw error;
});
for (const name in chunks) if (chunks[name][1].test(location.pathname)) ask(name).catch(() => {});`;
}

/** The module as `{ first, later: [one per chunk] }`, each optimised. */
function divide(bytes, names) {
  const named = functionNames(bytes);
  const titles = bodies(bytes).map((_, at) => (named[at] ?? '').replace(/\[[0-9a-f]{6,16}\]/g, ''));
  const plain = nameByOrder(bytes, [...titles.keys()]);
  const { parts, first } = cut(disassemble(plain), new Map(titles.map((title, at) => [nameOf(at), title])), chunks);
  let count = names.size;
  const wanted = new Map();
  const later = parts.map((wat) => {
    const small = wasmOpt(Buffer.from(wat), '-Os', '--skip-pass=local-cse', '--debuginfo');
    const asked = WebAssembly.Module.imports(new WebAssembly.Module(small)).filter(({ module }) => module === 'p');
    for (const { name } of asked) if (!wanted.has(name)) wanted.set(name, short(count++));
    return settle(rename(small, new Map([...names, ...wanted, ['p', 'p']].flatMap(([old, now]) => [[old, now], [now, now]]))));
  });
  return { first: settle(wasmOpt(Buffer.from(first(wanted)), '-Os', '--skip-pass=local-cse')), later };
}

function disassemble(bytes) {
  const [from, to] = ['whole.wasm', 'whole.wat'].map((name) => join(dist, name));
  writeFileSync(from, bytes);
  execFileSync(join(tools, 'node_modules/.bin/wasm-dis'), [from, ...FEATURES, '-o', to]);
  const text = readFileSync(to, 'utf8');
  rmSync(from);
  rmSync(to);
  return text;
}

/** `a` … `Z`, `aa` … */
function short(number) {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const head = number < letters.length ? '' : short(Math.floor(number / letters.length) - 1);
  return head + letters[number % letters.length];
}

/**
 * Functions that are alike become neighbours. What came before, `-Os` without
 * `local-cse`, is larger than `-Oz` and smaller after brotli, which saves those bytes.
 */
function settle(bytes) {
  const named = nameByOrder(bytes, bySimilarity(bodies(bytes)));
  return wasmOpt(named, '--coalesce-locals', '--reorder-locals', '--reorder-functions-by-name', '--strip-debug');
}

function wasmOpt(bytes, ...passes) {
  const [from, to] = ['unpacked.wasm', 'packed.wasm'].map((name) => join(dist, name));
  writeFileSync(from, bytes);
  execFileSync(join(tools, 'node_modules/.bin/wasm-opt'), [from, ...FEATURES, ...passes, '-o', to]);
  const packed = readFileSync(to);
  rmSync(from);
  rmSync(to);
  return packed;
}

/** Brotli at its highest, by whichever distance codes make it smallest. */
function smallest(bytes) {
  const all = DISTANCES.map(([postfix, direct]) =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        // The widest window that browsers accept.
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_LGBLOCK]: 20,
        [constants.BROTLI_PARAM_NPOSTFIX]: postfix,
        [constants.BROTLI_PARAM_NDIRECT]: direct,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  );
  return all.reduce((best, one) => (one.length < best.length ? one : best));
}

function compress() {
  const compressible = /\.(html|js|css|wasm|svg|json|txt|xml|csv|webmanifest|ttf|ico)$/;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || !compressible.test(entry.name)) continue;
    const bytes = readFileSync(path);
    const compressed = smallest(bytes);
    // A file that grows is served as it is.
    if (compressed.length < bytes.length) writeFileSync(`${path}.br`, compressed);
  }
}
