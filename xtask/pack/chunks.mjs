// Cuts a module into one that is loaded first and chunks that are loaded later.
//
// A function belongs to a chunk when its name, types included (symbol-mangling v0),
// speaks of that chunk's modules; or when nothing but such functions call it and it is in
// no table. What belongs to several chunks stands in each of them. Everything else stays in
// the first module.
// All share one memory and one table: the first module calls a chunk's entry through a
// slot of the table that the chunk fills when it is instantiated, as it fills the slots
// of its own closures and virtual methods.
//
// Whoever calls an entry must have loaded its chunk: `frontend/src/chunk.rs`.

/** The top-level forms of a module in text, `{ kind, text }` each. */
function forms(wat) {
  const found = [];
  for (const part of wat.slice(wat.indexOf('\n')).replace(/\n\)\s*$/, '').split(/\n (?=\()/)) {
    const kind = part.match(/^\((\w+)/)?.[1];
    if (kind) found.push({ kind, text: part });
  }
  return found;
}

/** `[name, signature, whom it calls]` of a function's text. */
function read(text) {
  const [head] = text.split('\n', 1);
  const [, name] = head.match(/^\(func \$(\S+)/);
  const signature = [...head.matchAll(/\((param|result)( \$\S+)?((?: \w+)+)\)/g)];
  return {
    name,
    text,
    params: signature.filter(([, kind]) => kind === 'param').flatMap(([, , , types]) => types.trim().split(' ')),
    results: signature.filter(([, kind]) => kind === 'result').flatMap(([, , , types]) => types.trim().split(' ')),
    calls: new Set([...text.matchAll(/\((?:return_call|call|ref\.func) \$(\w+)/g)].map(([, callee]) => callee)),
  };
}

/**
 * Which chunks each function stands in: a map from its name to their indices, without
 * those of the first module. `functions` as `read` gives them; `titles` from name to the
 * name in the source; `chunks` as `{ modules, entries }`; `tabled`, `exported`: sets of names.
 */
export function assign(functions, titles, chunks, tabled, exported) {
  const patterns = chunks.map(({ modules }) => new RegExp(`\\b(?:${modules.join('|')})\\b`));
  const entries = new Map();
  const named = new Map();
  for (const name of functions.keys()) {
    const title = titles.get(name) ?? '';
    const mine = [...chunks.keys()].filter((chunk) => patterns[chunk].test(title));
    if (mine.length > 0) named.set(name, mine);
    const chunk = chunks.findIndex((one) => one.entries.includes(title));
    if (chunk >= 0) entries.set(name, chunk);
  }
  if (entries.size !== chunks.flatMap((one) => one.entries).length) {
    throw new Error(`entries found: ${[...entries.keys()].map((name) => titles.get(name)).join(', ') || 'none'}`);
  }
  // What the first module can reach without passing through a chunk is its own.
  const own = reach(
    [...functions.keys()].filter((name) => (exported.has(name) || tabled.has(name)) && !named.has(name)),
    (name) => !entries.has(name),
  );
  const strays = [...own].filter((name) => named.has(name));
  // They would hand out closures whose chunk may not be there.
  if (strays.length > 0) {
    throw new Error(`called from outside their chunk:\n${strays.map((name) => titles.get(name)).join('\n')}`);
  }
  const result = new Map();
  for (const chunk of chunks.keys()) {
    const seeds = [...named.keys()].filter((name) => named.get(name).includes(chunk));
    for (const name of reach(seeds, (name) => !own.has(name) && !entries.has(name))) {
      if (named.has(name) && !named.get(name).includes(chunk)) {
        throw new Error(`${titles.get(name)} is called from another chunk`);
      }
      result.set(name, [...(result.get(name) ?? []), chunk]);
    }
  }
  // What neither can reach is left out: its export is gone, and it may call into a chunk.
  const alive = reach([...functions.keys()].filter((name) => exported.has(name) || tabled.has(name) || entries.has(name)), () => true);
  return { result, entries, alive };

  function reach(seeds, follow) {
    const seen = new Set();
    const left = [...seeds];
    while (left.length > 0) {
      const name = left.pop();
      if (seen.has(name) || !functions.has(name)) continue;
      seen.add(name);
      for (const callee of functions.get(name).calls) if (follow(callee)) left.push(callee);
    }
    return seen;
  }
}

/**
 * The texts of the first module and of each chunk. The first one is a function of what
 * the chunks, once optimised, still ask of it: `{ name of the export: kind and name }`.
 */
export function cut(wat, titles, chunks) {
  const all = forms(wat);
  const functions = new Map();
  for (const { kind, text } of all) {
    if (kind !== 'func') continue;
    const one = read(text);
    functions.set(one.name, one);
  }
  const element = all.filter(({ kind }) => kind === 'elem');
  if (element.length !== 1) throw new Error(`${element.length} element segments`);
  const [, offset, list] = element[0].text.match(/\(i32\.const (\d+)\) (?:func )?([\s\S]*)\)$/);
  const slots = list.split(/\s+/).map((name) => name.slice(1));
  const firstSlot = Number(offset);
  const exported = new Set(
    all.flatMap(({ text }) => [...text.matchAll(/^\((?:export "[^"]*" \(func|start) \$(\w+)/g)].map(([, name]) => name)),
  );
  const { result, entries, alive } = assign(functions, titles, chunks, new Set(slots), exported);

  const table = all.find(({ kind, text }) => kind === 'table' && text.includes('funcref')).text;
  const [, tableName, tableSize] = table.match(/\(table \$(\S+) (\d+)/);
  const wide = `${Number(tableSize) + entries.size}`;
  const entrySlots = new Map([...entries.keys()].map((name, at) => [name, Number(tableSize) + at]));

  const memory = all.find(({ kind }) => kind === 'memory').text;
  const others = all.filter(({ kind, text }) => kind === 'table' && text !== table).map(({ text }) => text);
  const globals = all.filter(({ kind }) => kind === 'global').map(({ text }) => text);
  const types = all.filter(({ kind }) => kind === 'type' || kind === 'rec').map(({ text }) => text);
  const imports = all.filter(({ kind }) => kind === 'import').map(({ text }) => text);

  const parts = chunks.map((_, chunk) => {
    const isMine = (name) => result.get(name)?.includes(chunk);
    const mine = [...functions.values()].filter(({ name }) => isMine(name));
    const asked = new Set(mine.flatMap(({ calls }) => [...calls]).filter((name) => functions.has(name) && !isMine(name)));
    const filled = new Map();
    for (const [at, name] of slots.entries()) if (isMine(name)) filled.set(firstSlot + at, name);
    for (const [name, slot] of entrySlots) if (entries.get(name) === chunk) filled.set(slot, name);
    return module([
      ...types,
      ...imports,
      `(import "p" "memory" ${memory})`,
      `(import "p" "table" (table $${tableName} ${wide} funcref))`,
      ...others.map((text) => `(import "p" "${text.match(/\$(\S+)/)[1]}" ${text})`),
      ...globals
        .filter((text) => text.includes('(mut '))
        .map((text) => text.replace(/^\(global (\S+) (\(mut \w+\)).*$/s, (_, name, type) => `(import "p" "${name.slice(1)}" (global ${name} ${type}))`)),
      ...[...asked].map((name) => `(import "p" "${name}" ${declaration(functions.get(name))})`),
      ...globals.filter((text) => !text.includes('(mut ')),
      ...runs(filled).map(([at, names]) => `(elem (table $${tableName}) (i32.const ${at}) func ${names.map((name) => `$${name}`).join(' ')})`),
      ...mine.map(({ text }) => text),
    ]);
  });

  /** `wanted`: from what a chunk calls it to the name of the export. */
  function firstModule(wanted) {
    const exports = [...wanted].map(([name, short]) => {
      if (name === 'memory') return `(export "${short}" (memory ${memory.match(/\$\S+/)[0]}))`;
      if (name === 'table') return `(export "${short}" (table $${tableName}))`;
      if (others.some((text) => text.includes(`$${name} `))) return `(export "${short}" (table $${name}))`;
      if (functions.has(name)) return `(export "${short}" (func $${name}))`;
      return `(export "${short}" (global $${name}))`;
    });
    return module(
      all.flatMap(({ kind, text }) => {
        if (text === table) return [table.replace(/ \d+ \d+ funcref/, ` ${wide} ${wide} funcref`)];
        if (kind === 'elem') {
          return [text.replace(/\$(f\d+)/g, (name, plain) => (result.has(plain) ? '$missing' : name))];
        }
        if (kind !== 'func') return [text];
        const { name } = read(text);
        if (!result.has(name)) return alive.has(name) ? [text] : [];
        return entries.has(name) ? [throughSlot(functions.get(name))] : [];
      }).concat('(func $missing (unreachable))', exports),
    );
  }

  function throughSlot({ name, params, results }) {
    const type = `${params.map((one) => `(param ${one})`).join(' ')} ${results.map((one) => `(result ${one})`).join(' ')}`;
    const values = params.map((_, at) => `(local.get ${at})`).join(' ');
    return `(func $${name} ${type} (call_indirect $${tableName} ${type} ${values} (i32.const ${entrySlots.get(name)})))`;
  }

  return { parts, first: firstModule };
}

function declaration({ name, params, results }) {
  return `(func $${name} ${params.map((one) => `(param ${one})`).join(' ')} ${results.map((one) => `(result ${one})`).join(' ')})`;
}

/** `[first slot, names]` of each unbroken run. */
function runs(filled) {
  const found = [];
  for (const [slot, name] of [...filled].sort(([a], [b]) => a - b)) {
    const last = found.at(-1);
    if (last && last[0] + last[1].length === slot) last[1].push(name);
    else found.push([slot, [name]]);
  }
  return found;
}

function module(parts) {
  return `(module\n ${parts.join('\n ')}\n)\n`;
}
