import type { ImportFault } from '../errors';
import { isBundle, sectionNames } from './bundle';
import { LiteralFault, LiteralParser } from './literal';
import { HeadedLists } from './headedLists';
import { brokenAt } from './brokenAt';
import { Lines, RowFinder } from './literalRecovery';
import type { RawRecord } from './recordReader';
import { isObject } from '../isObject';

/** Property names under which files keep their list of rows. */
const wrappers = [
  'data',
  'rows',
  'passages',
  'questions',
  'pairs',
  'corpus',
  'queries',
  'documents',
  'items',
  'records',
  'RECORDS',
  'list',
  'result',
  'results',
];

const isListOfObjects = (value: unknown): boolean => Array.isArray(value) && typeof value[0] === 'object';

/** Returns the column names that pandas writes next to a list of lists, or null. */
function namesOf(wrapper: object, rows: readonly unknown[]): string[] | null {
  const names: unknown = 'columns' in wrapper ? wrapper.columns : null;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return null;
  return rows.every((row) => Array.isArray(row) && row.length === names.length) ? names : null;
}

const named = (names: readonly string[], row: unknown): unknown =>
  Object.fromEntries(names.map((name, column) => [name, Array.isArray(row) ? row[column] : undefined]));

/**
 * Returns the records of the list if an object wraps one under a known name, and a note that names its other members.
 * Returns any other value as a single record. An object with several lists stays whole: which of them is meant depends
 * on the role, and none may disappear.
 */
function unwrapped(value: unknown, line: number, lineOf: (dict: object) => number): RawRecord[] {
  if (isObject(value)) {
    const members = Object.entries(value);
    const lists = members.filter(([name, inner]) => wrappers.includes(name) && isListOfObjects(inner));
    const [wrapper, list] = (lists.length === 1 && !isBundle(value) && lists[0]) || [];
    if (Array.isArray(list)) {
      const names = namesOf(value, list);
      const used = names ? [wrapper, 'columns'] : [wrapper];
      const unused = members.map(([name]) => name).filter((name) => !used.includes(name));
      const records: RawRecord[] = list.map((inner: unknown) => ({
        line: typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? lineOf(inner) : line,
        value: names ? named(names, inner) : inner,
      }));
      if (unused.length > 0) records.push({ line, fault: 'columns-unused', field: unused.join(', ') });
      return records;
    }
  }
  return [{ line, value }];
}

/** Reads the records of one text. */
class RecordsOfText {
  readonly #records: RawRecord[] = [];
  readonly #parser: LiteralParser;
  readonly #lines: Lines;
  readonly #finder: RowFinder;
  readonly #fault: ImportFault;
  /** Number of open brackets around the rows. */
  #open = 0;
  /** Names beside the list that is read row by row, because its object is broken; else null. */
  #outside: string[] | null = null;
  /** Beginning of the latest row if it is a list, and the number of records before it. */
  #list: { begin: number; records: number } | null = null;

  constructor(
    private readonly text: string,
    format: 'json' | 'literal',
  ) {
    this.#parser = new LiteralParser(text, format === 'literal');
    this.#lines = new Lines(text);
    this.#finder = new RowFinder(text, this.#lines);
    this.#fault = format === 'json' ? 'json-broken' : 'literal-broken';
  }

  read(): RawRecord[] {
    const { text } = this;
    const parser = this.#parser;
    for (parser.skipSpace(); !parser.atEnd || this.#isUnclosed(); parser.skipSpace()) {
      const begin = parser.at;
      const next = text[begin];
      const isRow = next === '[' && this.#open > 0 && beginsRow(text, begin);
      const isAfterList = this.#open === 0 && this.#outside !== null;
      if (!isRow && !isAfterList && (next === '[' || next === ']' || next === ',')) {
        this.#open = Math.max(0, this.#open + (next === '[' ? 1 : next === ']' ? -1 : 0));
        parser.at += 1;
        continue;
      }
      try {
        if (isAfterList) this.#finishObject(next);
        else this.#take(begin);
      } catch (thrown) {
        if (!(thrown instanceof LiteralFault)) throw thrown;
        this.#recover(begin, thrown);
      }
    }
    this.#noteUnused(this.#outside ?? []);
    const lastIsBroken = 'fault' in (this.#records.at(-1) ?? {});
    if (this.#fault === 'json-broken') this.#noteComments();
    // Also report a file cut off between two records: an unknown number of records is missing.
    if (this.#open > 0 && !lastIsBroken)
      this.#records.push({ line: this.#lines.lineOf(text.length), fault: this.#fault });
    return this.#records;
  }

  #take(begin: number): void {
    const records = this.#records.length;
    if (this.#finder.isExhausted && this.#finder.startsLine(begin))
      this.#parser.end = this.#finder.nextRow(begin, true) ?? Infinity;
    const value = this.#parser.value(0);
    const line = this.#lines.lineOf(begin);
    const lineOfDict = (dict: object): number => this.#lines.lineOf(this.#parser.begins.get(dict) ?? 0);
    if (this.#open > 0) this.#records.push({ line, value });
    else for (const record of unwrapped(value, line, lineOfDict)) this.#records.push(record);
    this.#noteRepeated();
    this.#list = this.#open > 0 && this.text[begin] === '[' ? { begin, records } : null;
  }

  /** Reads the names after the list that was read row by row, or skips the closing brace. */
  #finishObject(next: string | undefined): void {
    const before = this.#outside ?? [];
    this.#outside = null;
    let after: string[] = [];
    if (next === '}') this.#parser.at += 1;
    // The rest of the object begins with a comma, which `dict` skips as if it were the opening brace.
    else after = Object.keys(this.#parser.dict(0));
    this.#noteRepeated();
    this.#noteUnused([...before, ...after]);
  }

  #noteRepeated(): void {
    for (const { name, at } of this.#parser.repeated.splice(0))
      this.#records.push({ line: this.#lines.lineOf(at), fault: 'key-repeated', field: name });
  }

  /** JSON has no comments, so they may be rows that someone left out. In Python they are part of the program. */
  #noteComments(): void {
    const { count, first } = this.#parser.comments;
    if (count === 0) return;
    this.#records.push({ line: this.#lines.lineOf(first), fault: 'comments-unused', field: String(count) });
  }

  #noteUnused(names: readonly string[]): void {
    if (names.length > 0) this.#records.push({ line: 1, fault: 'columns-unused', field: names.join(', ') });
  }

  /** Reports the fault and moves on to the next row. If an object around a list is broken, its rows are read first. */
  #recover(begin: number, { at, tooDeep }: LiteralFault): void {
    const parser = this.#parser;
    const { members } = parser;
    parser.repeated.length = 0;
    const isObject = this.#open === 0 && this.text[begin] === '{';
    const list = isObject ? brokenList(members, this.text) : null;
    if (list) {
      this.#outside = list.outside;
      this.#open = 1;
      parser.at = list.at;
      return;
    }
    const fault = tooDeep ? { fault: 'too-deep' as const } : brokenAt(this.text, at, this.#fault);
    this.#records.push({ line: this.#lines.lineOf(at), ...fault });
    if (/[{[(]/.test(this.text[begin] ?? '')) {
      const hasSections = isObject && members.some(({ name }) => wrappers.includes(name) || sectionNames.has(name));
      parser.at = this.#finder.afterRow(begin, at, hasSections);
    } else if (this.#open > 0) parser.at = this.#finder.afterItem(Math.max(at, begin + 1));
    else parser.at = this.#finder.nextBracket(begin + 1);
  }

  /**
   * Whether the text ends with open brackets because the latest row is a list that was never closed and swallowed the
   * following rows as its items. If so, reports that row and moves back to the row after it.
   */
  #isUnclosed(): boolean {
    if (this.#open === 0 || this.#list === null) return false;
    const { begin, records } = this.#list;
    const next = this.#finder.nextRow(begin, true);
    this.#list = null;
    if (next === null) return false;
    this.#records.length = records;
    this.#records.push({ line: this.#lines.lineOf(begin), fault: this.#fault });
    this.#parser.at = next;
    return true;
  }
}

/**
 * Reads the records of a text with JSON or Python literals: one or more lists, a sequence of objects, or an object that
 * wraps the list (`{"data": […]}`). A list of lists of texts holds one row per inner list; the first may name the
 * columns. A broken record is reported with the line of the fault, and reading continues at the next record.
 */
export function literalRecords(text: string, format: 'json' | 'literal'): RawRecord[] {
  return new HeadedLists().take(new RecordsOfText(text, format).read());
}

/**
 * If the broken text is an object around a list of rows, returns the offset of the first row and the names of the
 * members before the list. Returns null if the rows cannot be read separately, because their columns are named
 * elsewhere or there is another list.
 */
function brokenList(
  members: readonly { name: string; at: number }[],
  text: string,
): { at: number; outside: string[] } | null {
  const last = members.at(-1);
  const outside = members.slice(0, -1).map(({ name }) => name);
  if (!last || !wrappers.includes(last.name)) return null;
  if (outside.some((name) => name === 'columns' || wrappers.includes(name) || sectionNames.has(name))) return null;
  const opening = /\s*\[(?=\s*[{[])/y;
  opening.lastIndex = last.at;
  return opening.test(text) ? { at: opening.lastIndex, outside } : null;
}

/** Whether the list at `begin` is empty or holds texts or numbers, not objects or further lists. */
function beginsRow(text: string, begin: number): boolean {
  const first = /\[\s*["'\w.+\]-]/y;
  first.lastIndex = begin;
  return first.test(text);
}
