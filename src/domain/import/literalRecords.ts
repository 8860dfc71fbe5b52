import type { ImportFault } from '../errors';
import { isBundle } from './bundle';
import { LiteralFault, LiteralParser } from './literal';
import type { RawRecord } from './recordReader';
import { isObject } from '../isObject';

/** Returns a function from a text offset to its line number, counted from 1. */
function lineFinder(text: string): (at: number) => number {
  const ends: number[] = [];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) ends.push(end);
  return (at) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

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
];

const isListOfObjects = (value: unknown): boolean => Array.isArray(value) && typeof value[0] === 'object';

/** Returns the column names that pandas writes beside a list of lists, or null. */
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
      const used = namesOf(value, list) ? [wrapper, 'columns'] : [wrapper];
      const unused = members.map(([name]) => name).filter((name) => !used.includes(name));
      const names = namesOf(value, list);
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

/**
 * Reads the records of a text with JSON or Python literals: one or more lists, a sequence of objects, or an object that
 * wraps the list (`{"data": […]}`). A list of lists of texts holds one row per inner list. A broken record is reported
 * with the line of the fault, and reading continues at the next record.
 */
export function literalRecords(text: string, format: 'json' | 'literal'): RawRecord[] {
  const fault: ImportFault = format === 'json' ? 'json-broken' : 'literal-broken';
  const records: RawRecord[] = [];
  const parser = new LiteralParser(text, format === 'literal');
  const lineOf = lineFinder(text);
  const lineOfDict = (dict: object): number => lineOf(parser.begins.get(dict) ?? 0);
  let open = 0;
  for (parser.skipSpace(); !parser.atEnd; parser.skipSpace()) {
    const begin = parser.at;
    const next = text[begin];
    const isRow = next === '[' && open > 0 && beginsWithText(text, begin);
    if (!isRow && (next === '[' || next === ']' || next === ',')) {
      open += next === '[' ? 1 : next === ']' ? -1 : 0;
      parser.at += 1;
      continue;
    }
    try {
      const value = parser.value(0);
      if (open > 0) records.push({ line: lineOf(begin), value });
      else for (const record of unwrapped(value, lineOf(begin), lineOfDict)) records.push(record);
      for (const { name, at } of parser.repeated.splice(0))
        records.push({ line: lineOf(at), fault: 'key-repeated', field: name });
    } catch (thrown) {
      if (!(thrown instanceof LiteralFault)) throw thrown;
      parser.repeated.length = 0;
      records.push({ line: lineOf(thrown.at), fault: thrown.tooDeep ? 'too-deep' : fault });
      parser.at = nextRecord(text, begin + 1);
    }
  }
  const lastIsBroken = 'fault' in (records.at(-1) ?? {});
  // Also report a file cut off between two records: an unknown number of records is missing.
  if (open > 0 && !lastIsBroken) records.push({ line: lineOf(text.length), fault });
  return records;
}

/** Whether the list at `begin` holds texts or numbers, not objects or further lists. */
function beginsWithText(text: string, begin: number): boolean {
  const first = /\[\s*["'\w.+-]/y;
  first.lastIndex = begin;
  return first.test(text);
}

/** Returns the offset of the next record: a brace at the start of a line or after the end of another record. */
function nextRecord(text: string, from: number): number {
  const opening = /[\r\n][ \t]*\{|\},?[ \t]*\{/g;
  opening.lastIndex = from;
  return opening.test(text) ? opening.lastIndex - 1 : text.length;
}
