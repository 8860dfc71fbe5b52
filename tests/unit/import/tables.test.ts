import { describe, expect, it } from 'vitest';
import { CsvReader } from '../../../src/domain/import/csv';
import { columnLetters, sheetRecords, type MergedRange } from '../../../src/domain/import/sheet';

/** Returns the values or faults that a reader finds in text that arrives in pieces, with their lines. */
function read(pieces: readonly string[], delimiter?: string) {
  const reader = new CsvReader(delimiter);
  const records = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
  return records.map((record) => [record.line, 'value' in record ? record.value : record.fault]);
}

describe('a table as text', () => {
  it('is separated by the most frequent delimiter of its first line, outside quotes', () => {
    expect(read(['a,b;c\n1,2\n'])).toEqual([[2, { a: '1', 'b;c': '2' }]]);
    expect(read(['"x;y;z",b\n1,2\n'])).toEqual([[2, { 'x;y;z': '1', b: '2' }]]);
    expect(read(['a;b\n1,0;2\n'])).toEqual([[2, { a: '1,0', b: '2' }]]);
    expect(read(['a\tb,c\td\n1\t2\t3\n'])).toEqual([[2, { a: '1', 'b,c': '2', d: '3' }]]);
    expect(read(['a|b,c\n1|2,3\n'], '|')).toEqual([[2, { a: '1', 'b,c': '2,3' }]]);
    expect(read(['a,', 'b;c', '\n1,2\n'])).toEqual([[2, { a: '1', 'b;c': '2' }]]);
  });

  it('has cells in quotes, with spaces around them and doubled quotes and line breaks in them', () => {
    expect(read(['a,b\n "x, ""y""" \t, 2 \n"1\r\n2\n3",z\n4,5'])).toEqual([
      [2, { a: 'x, "y"', b: ' 2 ' }],
      [3, { a: '1\r\n2\n3', b: 'z' }],
      [6, { a: '4', b: '5' }],
    ]);
    expect(read(['a\tb\n\t"x"\n'])).toEqual([[2, { a: '', b: 'x' }]]);
    expect(read(['a,b\n"","""x"\n'])).toEqual([[2, { a: '', b: '"x' }]]);
  });

  it('is the same wherever its text is cut', () => {
    const text = 'a,b\r\n"x ""q""\r\ny", 2\r\r\n3,"4" \r\n,\n5,6';
    const whole = read([text]);
    expect(whole).toEqual([
      [2, { a: 'x "q"\r\ny', b: ' 2' }],
      [5, { a: '3', b: '4' }],
      [7, { a: '5', b: '6' }],
    ]);
    for (let at = 1; at < text.length; at++) expect(read([text.slice(0, at), text.slice(at)])).toEqual(whole);
    expect(read([...text])).toEqual(whole);
  });

  it('leaves out empty rows, and reports broken ones and repeated names without losing the rows after them', () => {
    expect(read(['\n a ,b\n\n , \n1,2\na, b\n"x"y,1\n3,4\n5,"open\n6,7\n'])).toEqual([
      [5, { a: '1', b: '2' }],
      [6, 'header-repeated'],
      [7, 'csv-broken'],
      [8, { a: '3', b: '4' }],
      [9, 'csv-broken'],
      [10, { a: '6', b: '7' }],
    ]);
  });

  it('may have cells beyond its names only if they are empty', () => {
    expect(read(['a,b\n1,2, ,\n1,2,3\n1\n'])).toEqual([
      [2, { a: '1', b: '2' }],
      [3, 'more-cells'],
      [4, { a: '1', b: '' }],
    ]);
  });

  it('names columns without a name by letters, and keeps all values of those that share one', () => {
    expect(read(['a,, a\n1,2,3\n1,2, \n ,2,\n'])).toEqual([
      [2, { a: ['1', '3'], '[B]': '2' }],
      [3, { a: '1', '[B]': '2' }],
      [4, { a: '', '[B]': '2' }],
    ]);
  });

  it('with one column has whole lines as cells', () => {
    expect(read(['text\na, "b", c\n"d"\n"e" f\n'])).toEqual([
      [2, { text: 'a, "b", c' }],
      [3, { text: 'd' }],
      [4, { text: '"e" f' }],
    ]);
  });

  it('returns its columns once they are read', () => {
    const reader = new CsvReader();
    expect(reader.columns).toEqual([]);
    reader.push('a, b\n');
    expect(reader.columns).toEqual(['a', 'b']);
  });
});

describe('a sheet', () => {
  const range = (top: number, left: number, bottom: number, right: number): MergedRange => ({
    top,
    left,
    bottom,
    right,
  });
  const sheet = (cells: string[][], ...merged: MergedRange[]) => {
    const { columns, records, mergedCells } = sheetRecords({ cells, merged });
    return { columns, mergedCells, rows: records.map((one) => [one.line, 'value' in one ? one.value : one.fault]) };
  };

  it('letters its columns', () => {
    expect([0, 25, 26, 51, 52, 701, 702].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']);
  });

  it('is named by its first row with text, and leaves out empty rows and columns', () => {
    expect(sheet([[' '], [' q\n1 ', '', 'a', ''], [], ['x', '', ' y ', ' '], [' ', '']])).toEqual({
      columns: ['q 1', 'a'],
      mergedCells: 0,
      rows: [[4, { 'q 1': 'x', a: ' y ' }]],
    });
  });

  it('gives each column a unique name', () => {
    expect(
      sheet([
        ['a', 'a', '', 'a'],
        ['1', '2', '3', '4', '5'],
      ]).columns,
    ).toEqual(['a', 'a (2)', '[C]', 'a (3)', '[E]']);
  });

  it('reports a title above the table, which is a single text merged across columns', () => {
    const rows = [
      ['title', '', ''],
      ['a', 'b', 'c'],
      ['1', '2', '3'],
    ];
    expect(sheet(rows, range(0, 0, 0, 2))).toMatchObject({
      columns: ['a', 'b', 'c'],
      rows: [
        [1, 'title-row'],
        [3, { a: '1' }],
      ],
    });
    expect(sheet(rows).columns).toEqual(['title', '[B]', '[C]']);
    expect(sheet(rows, range(0, 0, 1, 0)).columns).toEqual(['title', '[B]', '[C]']);
    expect(sheet(rows, range(2, 0, 2, 2)).columns).toEqual(['title', '[B]', '[C]']);
    expect(
      sheet(
        [
          ['title', ''],
          ['x', ''],
        ],
        range(0, 0, 0, 1),
      ).columns,
    ).toEqual(['title']);
    expect(
      sheet(
        [
          ['title', 'more'],
          ['x', 'y'],
        ],
        range(0, 0, 0, 1),
      ).columns,
    ).toEqual(['title', 'more']);
  });

  it('reports a heading between rows that covers several columns, and repeated names', () => {
    const rows = [
      ['a', 'b'],
      ['1', '2'],
      ['part', ''],
      ['3', '4'],
      [' a', 'b '],
    ];
    expect(sheet(rows, range(2, 0, 2, 1)).rows).toEqual([
      [2, { a: '1', b: '2' }],
      [3, 'title-row'],
      [4, { a: '3', b: '4' }],
      [5, 'header-repeated'],
    ]);
    expect(
      sheet(
        [
          ['a', ''],
          ['part', ''],
        ],
        range(1, 0, 1, 1),
      ).rows,
    ).toEqual([[2, { a: 'part', '[B]': 'part' }]]);
    expect(
      sheet(
        [
          ['a', 'b', 'c'],
          ['x', '', 'y'],
        ],
        range(1, 0, 1, 1),
      ).rows,
    ).toEqual([[2, { a: 'x', b: 'x', c: 'y' }]]);
  });

  it('has the text of a merged range in all its cells that are empty, and counts these', () => {
    const rows = () => [
      ['topic', 'q', 'a'],
      ['pigs', 'x', '1'],
      ['', 'y', '2'],
      ['', '', '3'],
    ];
    expect(sheet(rows(), range(1, 0, 9, 0))).toEqual({
      columns: ['topic', 'q', 'a'],
      mergedCells: 2,
      rows: [
        [2, { topic: 'pigs', q: 'x', a: '1' }],
        [3, { topic: 'pigs', q: 'y', a: '2' }],
        [4, { topic: 'pigs', q: '', a: '3' }],
      ],
    });
    expect(sheet(rows(), range(2, 1, 3, 9)).rows.slice(1)).toEqual([
      [3, { topic: '', q: 'y', a: '2' }],
      [4, { topic: '', q: 'y', a: '3' }],
    ]);
    expect(
      sheet(
        [
          ['a', 'b'],
          ['', '1'],
          ['', '2'],
        ],
        range(1, 0, 2, 0),
      ).mergedCells,
    ).toBe(0);
    expect(
      sheet(
        [
          ['a', 'b'],
          ['x', '1'],
        ],
        range(0, 0, 1, 0),
      ).rows,
    ).toEqual([[2, { a: 'x', b: '1' }]]);
    expect(
      sheet(
        [
          ['a', 'b'],
          ['', '1'],
        ],
        range(0, 0, 1, 0),
      ).rows,
    ).toEqual([[2, { a: 'a', b: '1' }]]);
  });
});
