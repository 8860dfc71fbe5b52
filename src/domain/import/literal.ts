import { maxJsonDepth } from '../foreignJson';
import { brokenAt } from './brokenAt';
import type { RecordFault } from './recordReader';

/** Thrown by LiteralParser with the offset of the fault. `literalRecords` and `literalValue` catch it. */
export class LiteralFault extends Error {
  at = 0;
  tooDeep = false;
}

/** NaN becomes null, because pandas writes empty cells as NaN. */
const words: Record<string, unknown> = {
  True: true,
  true: true,
  False: false,
  false: false,
  None: null,
  null: null,
  NaN: null,
  nan: null,
};
const simpleEscapes: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '0': '\0',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '/': '/',
  '\n': '',
};
/** Number of hex digits after the escape letter. */
const hexEscapes: Record<string, number> = { x: 2, u: 4, U: 8 };
/**
 * Parses Python literals, nearly a superset of JSON: strings in single, double or triple quotes (with prefixes and
 * implicit concatenation), numbers, True/False/None, lists, tuples and dicts, with comments and trailing commas. Of
 * JSON5 it also reads comments and names without quotes. Never executes code.
 */
export class LiteralParser {
  at = 0;
  /** Offset beyond which a list or object may have no further items. */
  end = Infinity;
  /** Offset in the text at which each dict begins. */
  readonly begins = new WeakMap<object, number>();
  /** Names that a dict has more than once, with the offset of the second. The last value is kept, as by JSON.parse. */
  readonly repeated: { name: string; at: number }[] = [];
  /** Number of comments, and the offsets of the first and the last of them. */
  readonly comments = { count: 0, first: -1, last: -1 };
  /** Names of the outermost dict, each with the offset of its value. */
  members: { name: string; at: number }[] = [];

  /** One object for all faults: a broken file may have millions, and creating an Error is slow. */
  private fault: LiteralFault | null = null;

  constructor(
    private readonly text: string,
    private readonly python: boolean,
    /** Whether numbers are returned as text, exactly as written. */
    private readonly asWritten = false,
  ) {}

  private fail(at: number, tooDeep = false): never {
    this.fault ??= new LiteralFault('broken literal');
    throw Object.assign(this.fault, { at, tooDeep });
  }

  skipSpace(): void {
    for (;;) {
      this.at = this.next(/\S/g, this.at);
      const follows = this.text[this.at];
      // A single pattern for all of these would overflow the stack on megabytes of white space.
      if (follows === '#' || this.text.startsWith('//', this.at)) this.skipComment(this.next(/[\r\n]/g, this.at));
      else if (this.text.startsWith('/*', this.at)) this.skipComment(this.afterComment());
      else if (follows === ';') this.at += 1;
      else if (follows === '\\' && /^\r?\n/.test(this.text.slice(this.at + 1, this.at + 3))) this.at += 2;
      else return;
    }
  }

  private skipComment(end: number): void {
    const { comments } = this;
    // After a fault, the parser may read the same comment again.
    if (this.at > comments.last) {
      if (comments.count === 0) comments.first = this.at;
      comments.last = this.at;
      comments.count += 1;
    }
    this.at = end;
  }

  private afterComment(): number {
    const end = this.text.indexOf('*/', this.at + 2);
    if (end === -1) this.fail(this.at);
    return end + 2;
  }

  /** Returns the offset of the next character that matches, or the length of the text. */
  private next(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    return pattern.exec(this.text)?.index ?? this.text.length;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  value(depth: number): unknown {
    if (depth > maxJsonDepth) this.fail(this.at, true);
    if (depth === 0) this.members = [];
    this.skipSpace();
    if (depth > 0 && this.at >= this.end) this.fail(this.at);
    const next = this.text[this.at];
    if (next === '[') return this.list(']', depth);
    if (next === '(') return this.list(')', depth);
    if (next === '{') return this.dict(depth);
    return this.scalar();
  }

  private list(close: string, depth: number): unknown[] {
    const values: unknown[] = [];
    this.at += 1;
    while (!this.closes(close)) {
      values.push(this.value(depth + 1));
      this.separator(close);
    }
    return values;
  }

  dict(depth: number): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    const reported = new Set<string>();
    const begin = this.at;
    this.at += 1;
    while (!this.closes('}')) {
      const at = this.at;
      const name = this.bareName() ?? String(this.scalar());
      this.skipSpace();
      if (this.text[this.at] !== ':') this.fail(this.at);
      this.at += 1;
      if (depth === 0) this.members.push({ name, at: this.at });
      if (entries.has(name) && !reported.has(name)) {
        this.repeated.push({ name, at });
        reported.add(name);
      }
      entries.set(name, this.value(depth + 1));
      this.separator('}');
    }
    // Object.fromEntries defines own properties, so a key named __proto__ is harmless.
    const dict = Object.fromEntries(entries);
    this.begins.set(dict, begin);
    return dict;
  }

  /** Reads a member's name without quotes, unless it is a word such as `true` that is a value. */
  private bareName(): string | null {
    const bare = /[\p{L}_$][\p{L}\p{N}_$]*(?=\s*:)/uy;
    bare.lastIndex = this.at;
    const name = bare.exec(this.text)?.[0];
    if (name === undefined || Object.hasOwn(words, name)) return null;
    this.at += name.length;
    return name;
  }

  closes(close: string): boolean {
    this.skipSpace();
    if (this.atEnd) this.fail(this.at);
    if (this.text[this.at] !== close) return false;
    this.at += 1;
    return true;
  }

  /** Skips a comma. Without one, the closing bracket must follow. */
  separator(close: string): void {
    this.skipSpace();
    if (this.text[this.at] === ',') this.at += 1;
    else if (this.text[this.at] !== close) this.fail(this.at);
  }

  private scalar(): unknown {
    this.skipSpace();
    const quoted = /[uUrRbB]{0,2}(?:'''|"""|'|")/y;
    quoted.lastIndex = this.at;
    if (quoted.test(this.text)) return this.strings(quoted);
    const bare = /[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[A-Za-z]+/y;
    bare.lastIndex = this.at;
    const word = bare.exec(this.text)?.[0];
    if (word === undefined) this.fail(this.at);
    const isNumber = /^[-+.\d]/.test(word);
    if (!isNumber && !Object.hasOwn(words, word)) this.fail(this.at);
    this.at += word.length;
    if (this.asWritten && words[word] !== null) return word;
    return isNumber ? numberOf(word.replaceAll('_', '')) : words[word];
  }

  /** Reads a string. Python joins adjacent string literals. */
  private strings(quoted: RegExp): string {
    let joined = '';
    for (;;) {
      quoted.lastIndex = this.at;
      const opening = quoted.exec(this.text)?.[0];
      if (opening === undefined) return joined;
      this.at += opening.length;
      const quote = opening.replace(/^[a-zA-Z]*/, '');
      joined += this.stringBody(quote, /r/i.test(opening));
      if (!this.python) return joined;
      this.skipSpace();
    }
  }

  private stringBody(quote: string, raw: boolean): string {
    let value = '';
    for (;;) {
      const special = quote.length === 3 ? /["'\\]/g : /["'\\\r\n]/g;
      special.lastIndex = this.at;
      const found = special.exec(this.text)?.index ?? -1;
      if (found === -1) this.fail(this.text.length);
      value += this.text.slice(this.at, found);
      this.at = found;
      if (this.text.startsWith(quote, found)) {
        this.at += quote.length;
        return value;
      }
      if (this.text[found] === '\\') value += this.escape(raw);
      else if (this.text[found] === '\n' || this.text[found] === '\r') this.fail(found);
      else {
        value += this.text[found] ?? '';
        this.at += 1;
      }
    }
  }

  private escape(raw: boolean): string {
    const letter = this.text[this.at + 1];
    if (letter === undefined) this.fail(this.at);
    const begin = this.at;
    this.at += 2;
    if (raw) return `\\${letter}`;
    const digits = hexEscapes[letter];
    if (digits === undefined) return simpleEscapes[letter] ?? `\\${letter}`;
    const hex = this.text.slice(this.at, this.at + digits);
    const code = Number.parseInt(hex, 16);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex) || code > 0x10ffff) this.fail(begin);
    this.at += digits;
    return String.fromCodePoint(code);
  }
}

/**
 * Returns the number, or the text as written if the number would be written otherwise: it may be an id, such as 007,
 * 1.10 or an integer beyond 2^53. A whole number may end in `.0`, as pandas writes it.
 */
function numberOf(digits: string): number | string {
  const value = Number(digits);
  const isSame = String(value) === digits || (Number.isSafeInteger(value) && /^-?(?:0|[1-9]\d*)\.0+$/.test(digits));
  return isSame ? value : digits;
}

/**
 * Parses a text that is one JSON or Python value, with or without a trailing comma. Returns the fault if it is neither
 * or is nested too deeply. `asWritten` returns numbers as texts. `repeated` names the keys that one of its
 * objects has more than once; `comments` is the number of comments.
 */
export function literalValue(
  text: string,
  asWritten = false,
): { value: unknown; repeated: string[]; comments: number } | RecordFault {
  const parser = new LiteralParser(text, false, asWritten);
  try {
    const value = parser.value(0);
    parser.skipSpace();
    if (text[parser.at] === ',') parser.at += 1;
    parser.skipSpace();
    if (!parser.atEnd) return brokenAt(text, parser.at, 'json-broken');
    return { value, repeated: parser.repeated.map(({ name }) => name), comments: parser.comments.count };
  } catch (thrown) {
    if (!(thrown instanceof LiteralFault)) throw thrown;
    return thrown.tooDeep ? { fault: 'too-deep' } : brokenAt(text, thrown.at, 'json-broken');
  }
}

/**
 * Returns the text after white space and comments. Returns null if the text does not begin with a comment, or if a
 * comment does not end.
 */
export function afterComments(text: string): string | null {
  if (!/^\s*(?:#|\/[/*])/.test(text)) return null;
  const parser = new LiteralParser(text, false);
  try {
    parser.skipSpace();
    return text.slice(parser.at);
  } catch (thrown) {
    if (!(thrown instanceof LiteralFault)) throw thrown;
    return null;
  }
}
