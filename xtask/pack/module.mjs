// A WebAssembly module as its sections: what is needed to rename what it imports and
// exports, and to put its functions into another order.
// Source: WebAssembly core specification 1.0, chapter 5 (binary format).

/** Bytes that are read from front to back. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text() {
    return this.take(this.number()).toString('utf8');
  }
}

function number(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

function text(value) {
  return Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
}

function section(id, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([id]), number(body.length), body]);
}

const [CUSTOM, IMPORT, EXPORT, CODE] = [0, 2, 7, 10];
/** The part of the name section that names functions. */
const FUNCTIONS = 1;

/** The sections, `{ id, body }` each; the custom ones, which only name things, on demand. */
function sections(bytes, { custom = false } = {}) {
  const reader = new Reader(bytes.subarray(8));
  const found = [];
  while (reader.at < reader.bytes.length) {
    const id = reader.take(1)[0];
    const body = reader.take(reader.number());
    if (custom || id !== CUSTOM) found.push({ id, body });
  }
  return found;
}

function build(bytes, parts) {
  return Buffer.concat([bytes.subarray(0, 8), ...parts]);
}

/**
 * The module with `names.get(old)` for every name that it imports, modules included,
 * and exports; what it exports and `names` does not have is exported no longer.
 */
export function rename(bytes, names, { custom = false } = {}) {
  return build(
    bytes,
    sections(bytes, { custom }).map(({ id, body }) => {
      if (id === IMPORT) return section(id, ...imports(body, names));
      if (id === EXPORT) return section(id, ...exports(body, names));
      return section(id, body);
    }),
  );
}

function imports(body, names) {
  const all = readImports(body);
  return [
    number(all.length),
    ...all.flatMap(({ from, name, kind, rest }) => [text(names.get(from)), text(names.get(name)), Buffer.from([kind]), rest]),
  ];
}

/** `{ from, name, kind, rest }` of each import; a function's `rest` is its type. */
function readImports(body) {
  const reader = new Reader(body);
  return Array.from({ length: reader.number() }, () => {
    const [from, name] = [reader.text(), reader.text()];
    const kind = reader.take(1)[0];
    const start = reader.at;
    // A table has its type and its limits, a memory its limits, a global type and mutability.
    if (kind === 1) reader.take(1);
    if (kind === 0) reader.number();
    else if (kind === 3) reader.take(2);
    else for (let left = 1 + (reader.take(1)[0] & 1); left > 0; left -= 1) reader.number();
    return { from, name, kind, rest: body.subarray(start, reader.at) };
  });
}

/** How many functions come before those that the module defines. */
function importedFunctions(bytes) {
  const { body } = sections(bytes).find(({ id }) => id === IMPORT);
  return readImports(body).filter(({ kind }) => kind === 0).length;
}

function exports(body, names) {
  const reader = new Reader(body);
  const out = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const name = names.get(reader.text());
    const kind = reader.take(1);
    const index = number(reader.number());
    if (name) out.push(Buffer.concat([text(name), kind, index]));
  }
  return [number(out.length), ...out];
}

/** The bodies of the functions, in order. */
export function bodies(bytes) {
  const code = sections(bytes).find(({ id }) => id === CODE);
  const reader = new Reader(code.body);
  return Array.from({ length: reader.number() }, () => reader.take(reader.number()));
}

/** The name that `nameByOrder` gives to the function at a place. */
export function nameOf(place) {
  return `f${String(place).padStart(7, '0')}`;
}

/** The module with a name section that gives each defined function the name of its place in `order`. */
export function nameByOrder(bytes, order) {
  const all = sections(bytes);
  const first = importedFunctions(bytes);
  const names = [];
  for (const [place, index] of order.entries()) names[index] = nameOf(place);
  const entries = names.flatMap((name, index) => [number(first + index), text(name)]);
  const body = [text('name'), section(FUNCTIONS, number(names.length), ...entries)];
  return build(bytes, [...all.map(({ id, body }) => section(id, body)), section(CUSTOM, ...body)]);
}

/** The names of the defined functions in a module's name section, in order. */
export function functionNames(bytes) {
  const first = importedFunctions(bytes);
  const names = [];
  for (const { body } of sections(bytes, { custom: true }).filter(({ id }) => id === CUSTOM)) {
    const reader = new Reader(body);
    if (reader.text() !== 'name') continue;
    while (reader.at < body.length) {
      const kind = reader.take(1)[0];
      const part = new Reader(reader.take(reader.number()));
      for (let left = kind === FUNCTIONS ? part.number() : 0; left > 0; left -= 1) {
        const index = part.number();
        names[index - first] = part.text();
      }
    }
  }
  return names;
}
