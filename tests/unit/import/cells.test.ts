import { describe, expect, it } from 'vitest';
import {
  asText,
  isGiven,
  isLabel,
  isRounded,
  isScalar,
  listInCell,
  namedCells,
  RowFault,
  textsOf,
} from '../../../src/domain/import/cells';
import { labelIn, noNumber, scoreIn } from '../../../src/domain/import/scores';

/** Returns the fault that a function throws for a row. */
function faultOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof RowFault) return error.found;
    throw error;
  }
}

describe('the value of a cell', () => {
  it('is missing if it is empty or a word for a missing value, with or without white space', () => {
    for (const value of [undefined, null, '', 'nan', 'NaN', 'None', 'null', 'NULL', ' null ', []])
      expect(isGiven(value)).toBe(false);
    for (const value of ['0', 'nano', 'none', 'no null', ' ', 0, false, NaN, [null], {}])
      expect(isGiven(value)).toBe(true);
  });

  it('is one value unless it is a list or an object', () => {
    expect(['', 0, true, null, undefined].map(isScalar)).toEqual([true, true, true, true, true]);
    expect([[], {}, [1]].map(isScalar)).toEqual([false, false, false]);
  });

  it('is a rounded id if it has the form in which spreadsheets show long numbers', () => {
    for (const text of ['1.23457E+17', ' 1E+10 ', '-9.8e+123', '+5e+20']) expect(isRounded(text)).toBe(true);
    for (const text of ['1e23', '1.5E-10', '12E+17', '1E+5', 'x1E+17', '1E+17x', '1.E+17', 'a 1E+17'])
      expect(isRounded(text)).toBe(false);
  });

  it('is a label if it is a number, true or false, also as text', () => {
    for (const value of [0, 0.5, true, false, '1', ' -2.5 ', 'TRUE', 'false']) expect(isLabel(value)).toBe(true);
    for (const value of ['1 2', '1.', '.5', 'true story', 'untrue', '1a', '', null, [1]])
      expect(isLabel(value)).toBe(false);
  });
});

describe('the text of a cell', () => {
  it('is a number or truth value as it is written, or the text itself with its white space', () => {
    expect([0, -1.5, true, false, ' 猪 '].map((value) => asText(value, 'text'))).toEqual([
      '0',
      '-1.5',
      'true',
      'false',
      ' 猪 ',
    ]);
  });

  it('is missing if nothing in it can be seen, unless it may be empty', () => {
    const empty = { fault: 'text-empty', field: 'text' };
    for (const value of [undefined, null, '', ' \n', '\u200b', '\u00ad\u3164\ufeff', 'NaN'])
      expect(faultOf(() => asText(value, 'text'))).toEqual(empty);
    expect([asText('', 'text', true), asText('nan', 'text', true)]).toEqual(['', 'nan']);
    expect(faultOf(() => asText(null, 'text', true))).toEqual(empty);
  });

  it('is never a list or an object', () => {
    for (const value of [['a'], { a: 1 }])
      expect(faultOf(() => asText(value, 'text'))).toEqual({ fault: 'not-a-text', field: 'text' });
  });
});

describe('the texts of a list', () => {
  it('leave out empty items beside others', () => {
    expect(textsOf(['a', '', null, ' ', '\u200b', 'nan', 0], 'positive')).toEqual(['a', '0']);
    expect(textsOf('a', 'positive')).toEqual(['a']);
    expect(textsOf([], 'positive')).toEqual([]);
  });

  it('are missing if all items are empty', () => {
    for (const value of [[''], [null, ' '], '', null])
      expect(faultOf(() => textsOf(value, 'positive'))).toEqual({ fault: 'text-empty', field: 'positive' });
  });
});

describe('a list written into a cell', () => {
  it('is read with its numbers as they are written', () => {
    expect(listInCell('["a1", "a2"]')).toEqual(['a1', 'a2']);
    expect(listInCell(" ['a', 007, 1.10]\n")).toEqual(['a', '007', '1.10']);
    expect(listInCell('[null, True]')).toEqual([null, 'True']);
    expect(listInCell('["a\\u0000b"]')).toEqual(['a b']);
  });

  it('stays a text if it is not a whole list, or has lists or objects in it', () => {
    for (const text of ['[1', 'a [1]', '[1] a', '["a"', '[[1]]', '[{"a": 1}]', '[see page 3]', '{"a": 1}'])
      expect(listInCell(text)).toBe(text);
    const list = ['a'];
    expect([listInCell(list), listInCell(7), listInCell(null)]).toEqual([list, 7, null]);
  });
});

describe('the cells of a record', () => {
  it('are named by their columns, or numbered from 1', () => {
    expect([...(namedCells('pairs', { a: 1, b: 2 }) ?? [])]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect([...(namedCells('pairs', ['x', 'y']) ?? [])]).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
    expect([...(namedCells('pairs', 'a line') ?? [])]).toEqual([['1', 'a line']]);
  });

  it('are one cell in a knowledge base, because a tab is part of a passage', () => {
    expect([...(namedCells('knowledgeBase', ['x', 'y']) ?? [])]).toEqual([['1', 'x\ty']]);
  });

  it('do not exist in a number, a truth value or nothing', () => {
    for (const value of [7, true, null, undefined]) expect(namedCells('pairs', value)).toBeNull();
  });
});

describe('a score', () => {
  it.each<[unknown, number]>([
    [true, 1],
    [false, 0],
    [0.25, 0.25],
    [' 3 ', 3],
    ['+0.5', 0.5],
    ['-.25', -0.25],
    ['.75', 0.75],
    ['5.', 5],
    ['1e-3', 0.001],
    ['2E2', 200],
    ['85%', 0.85],
    ['85.5 ％', 0.855],
    ['No', 0],
    ['负例', 0],
    [' yes', 1],
    ['相关', 1],
  ])('is read from %j as %d', (value, score) => expect(scoreIn(value)).toBe(score));

  it.each([
    null,
    undefined,
    '',
    ' ',
    'NaN',
    'nan',
    NaN,
    Infinity,
    '1e999',
    '0x10',
    '0b1',
    '1.2.3',
    '1 2',
    '%',
    '5%0',
    'yes!',
    'notes',
    [1],
    { a: 1 },
  ])('is not read from %j', (value) => expect(scoreIn(value)).toBeNull());

  it('is a label from -1 to 5', () => {
    expect([-1, 0, 2.5, 5, '5', 'yes'].map(labelIn)).toEqual([-1, 0, 2.5, 5, 5, 1]);
    expect([-1.01, 5.01, '500%', '600%', 'x', null].map(labelIn)).toEqual([null, null, 5, null, null, null]);
  });

  it('that cannot be read is reported as it is written', () => {
    expect(noNumber('label', 'maybe')).toEqual({ fault: 'not-a-number', field: 'label', expected: 'maybe' });
    expect(noNumber('label', [1])).toEqual({ fault: 'not-a-number', field: 'label', expected: '[1]' });
  });
});
