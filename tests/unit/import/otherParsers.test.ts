import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { CsvReader } from '../../../src/domain/import/csv';
import { literalValue } from '../../../src/domain/import/literal';
import { literalRecords } from '../../../src/domain/import/literalRecords';
import type { RawRecord, RecordReader } from '../../../src/domain/import/recordReader';

/** Reads a text that arrives in pieces, which end at the given offsets. */
function readInPieces(reader: RecordReader, text: string, cuts: readonly number[]): RawRecord[] {
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  let from = 0;
  const records = ends.flatMap((end) => reader.push(text.slice(from, (from = end))));
  return [...records, ...reader.end()];
}

const pieces = ['a', '猪', ' ', ',', ';', '\t', '|', '"', '""', '\n', '\r', '\r\n', '问', '1'];
const cell = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((of) => of.join(''));
const names = ['id', 'text', '标题', 'more'];
/** Rows of two to four cells, the first of which is never blank: blank rows are left out. */
const table = fc.integer({ min: 2, max: 4 }).chain((columns) =>
  fc.array(
    fc.tuple(cell, fc.array(cell, { minLength: columns - 1, maxLength: columns - 1 })).map(([a, b]) => [`x${a}`, ...b]),
    { minLength: 1, maxLength: 6 },
  ),
);

describe('a CSV file that another program wrote', () => {
  it.each([',', ';', '\t'])('has the cells of that program, wherever its text is cut: %j', (delimiter) => {
    const options = fc.record({ newline: fc.constantFrom('\n', '\r\n', '\r'), quotes: fc.boolean() });
    fc.assert(
      fc.property(table, options, fc.array(fc.nat(), { maxLength: 4 }), (rows, { newline, quotes }, cuts) => {
        const head = names.slice(0, rows[0]?.length);
        const text = Papa.unparse([head, ...rows], { delimiter, newline, quotes });
        const records = readInPieces(new CsvReader(), text, cuts);
        expect(records.map((record) => 'value' in record && Object.values(record.value as object))).toEqual(rows);
        // A row begins one line below the end of the one before it.
        let line = 2;
        for (const [i, row] of rows.entries()) {
          expect(records[i]?.line).toBe(line);
          line += 1 + (row.join('x').match(/\r\n|\n|\r/g) ?? []).length;
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('JSON that another program wrote', () => {
  it('is the value that JSON.parse reads, however it is indented', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const read = literalValue(text);
        // Names that are twice in an object can't come from JSON.stringify.
        expect(read).toEqual({ value: JSON.parse(text) as unknown, repeated: [], comments: 0 });
      }),
      { numRuns: 200 },
    );
  });
});

describe('records that Python wrote, and the lines in which they begin', () => {
  const path = new URL('../../fixtures/import/literals.json', import.meta.url);
  const cases = JSON.parse(readFileSync(path, 'utf8')) as {
    text: string;
    records: unknown[];
    lines: number[];
  }[];

  it.each(cases.map((one, i) => [i, one] as const))('are those that Python reads: case %i', (_i, one) => {
    expect(literalRecords(one.text, 'literal')).toEqual(one.records.map((value, i) => ({ line: one.lines[i], value })));
  });
});
