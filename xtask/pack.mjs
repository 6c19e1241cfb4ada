// Packs what Trunk built for shipping: `node pack.mjs DIST TOOLS`, TOOLS being the
// folder whose node_modules hold esbuild and binaryen.
//
// 1. The glue of wasm-bindgen is bundled without what nothing calls, and minified.
// 2. The names that glue and wasm call each other by become short ones, the exports
//    that nobody calls go, and wasm-opt takes out what only they needed.
// 3. The style sheets become one and the scripts two, so that fewer are asked for.
// 4. Every file that compresses gets FILE.br beside it: brotli at its highest.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [dist, tools] = process.argv.slice(2);
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

let index = readFileSync(join(dist, 'index.html'), 'utf8');
const wasmName = the(/frontend-[0-9a-f]+_bg\.wasm/);
const glueName = the(/frontend-[0-9a-f]+\.js/);
const sheets = tags(/<link\b[^>]*rel=["']?stylesheet[^>]*>/g, 'href');
const scripts = tags(/<script\b[^>]*\bsrc=[^>]*><\/script>/g, 'src');

const { glue, wasm } = shorten(read(glueName), readFileSync(join(dist, wasmName)));
const wasmPath = write('app', 'wasm', optimise(wasm));
const appPath = write('app', 'js', bundle(`${glue}\n__wbg_init({ module_or_path: ${JSON.stringify(wasmPath)} });`));
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
  return { glue, wasm: rename(bytes, names, kept) };
}

/** `a` … `Z`, `aa` … */
function short(number) {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const head = number < letters.length ? '' : short(Math.floor(number / letters.length) - 1);
  return head + letters[number % letters.length];
}

/** The module with its import and export sections (WebAssembly core 1.0, §5.5.5 and §5.5.10) written anew. */
function rename(bytes, names, kept) {
  const out = [bytes.subarray(0, 8)];
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at];
    const size = leb(bytes, at + 1);
    const end = size.next + size.value;
    const body = bytes.subarray(size.next, end);
    if (id === 2) out.push(section(2, imports(body, names)));
    else if (id === 7) out.push(section(7, exports(body, names, kept)));
    // Custom sections only name things.
    else if (id !== 0) out.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(out);
}

function imports(body, names) {
  const { value: count, next } = leb(body, 0);
  const out = [encode(count)];
  let at = next;
  for (let done = 0; done < count; done += 1) {
    for (const _part of ['module', 'name']) {
      const { text, next: after } = string(body, at);
      out.push(named(names.get(text)));
      at = after;
    }
    const start = at;
    const kind = body[at];
    if (kind === 0) at = leb(body, at + 1).next;
    else throw new Error(`an import of kind ${kind} is not expected`);
    out.push(body.subarray(start, at));
  }
  return Buffer.concat(out);
}

function exports(body, names, kept) {
  const { value: count, next } = leb(body, 0);
  const out = [];
  let at = next;
  for (let done = 0; done < count; done += 1) {
    const { text, next: after } = string(body, at);
    at = leb(body, after + 1).next;
    if (kept.has(text)) out.push(Buffer.concat([named(names.get(text)), body.subarray(after, at)]));
  }
  return Buffer.concat([encode(out.length), ...out]);
}

function section(id, body) {
  return Buffer.concat([Buffer.from([id]), encode(body.length), body]);
}

function string(bytes, at) {
  const { value, next } = leb(bytes, at);
  return { text: bytes.toString('utf8', next, next + value), next: next + value };
}

function named(text) {
  return Buffer.concat([encode(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** An unsigned LEB128 number. */
function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value += (bytes[at] & 0x7f) * 2 ** shift;
    if (bytes[at] < 0x80) return { value, next: at + 1 };
  }
}

function encode(number) {
  const bytes = [];
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number > 0);
  return Buffer.from(bytes);
}

/** Smaller after brotli than `-Oz`, which saves bytes that brotli would have saved. */
function optimise(bytes) {
  const [from, to] = ['unpacked.wasm', 'packed.wasm'].map((name) => join(dist, name));
  writeFileSync(from, bytes);
  execFileSync(join(tools, 'node_modules/.bin/wasm-opt'), [from, ...FEATURES, '-Os', '--skip-pass=local-cse', '-o', to]);
  const packed = readFileSync(to);
  rmSync(from);
  rmSync(to);
  return packed;
}

function compress() {
  const compressible = /\.(html|js|css|wasm|svg|json|txt|xml|csv|webmanifest|ttf|ico)$/;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || !compressible.test(entry.name)) continue;
    const bytes = readFileSync(path);
    const compressed = brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        // The widest window that browsers accept.
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    });
    // A file that grows is served as it is.
    if (compressed.length < bytes.length) writeFileSync(`${path}.br`, compressed);
  }
}
