import { describe, expect, it } from 'vitest';
import { ColumnValues, isGrade } from '../../../src/domain/import/columnValues';

function valuesOf(...rows: Record<string, unknown>[]): ColumnValues {
  const values = new ColumnValues();
  for (const row of rows) values.add(Object.entries(row));
  return values;
}
const idsOf = (...ids: string[]): ReadonlySet<string> => new Set(ids);
const list = (values: Iterable<string>): string[] => [...values];

describe('the values of a column', () => {
  it('are its distinct texts and numbers, including those in lists, without white space around them', () => {
    const values = valuesOf({ ref: ' a1 ' }, { ref: 7 }, { ref: 'a1' }, { ref: ['b', 'c'] }, { ref: '["d", 5]' });
    expect(list(values.of('ref'))).toEqual(['a1', '7', 'b', 'c', 'd', '5']);
    expect(list(values.of('other'))).toEqual([]);
  });

  it('do not include empty cells', () => {
    expect(list(valuesOf({ a: '' }, { a: null }, { a: undefined }, { a: 'x' }).of('a'))).toEqual(['x']);
  });

  it('are not ids once one of them is long or nested', () => {
    expect(list(valuesOf({ a: 'x'.repeat(64) }, { a: 'y' }).of('a'))).toHaveLength(2);
    for (const value of ['x'.repeat(65), true, { b: 1 }, [['x']]])
      expect(list(valuesOf({ a: 'x' }, { a: value }, { a: 'y' }).of('a'))).toEqual([]);
  });

  it('are kept for the first 200 columns', () => {
    const row = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`c${i}`, 'x']));
    const values = valuesOf(row, { c199: 'y', c200: 'y' });
    expect([list(values.of('c199')), list(values.of('c200'))]).toEqual([['x', 'y'], []]);
  });

  it('count as ids if every row has a different one', () => {
    const values = valuesOf({ id: '1', topic: 'a' }, { id: '2', topic: 'a' });
    expect(values.distinct(2).map(list)).toEqual([['1', '2']]);
  });
});

describe('the column that names ids', () => {
  const ids = idsOf('p1', 'p2', 'p3', 'p4');

  it('has at least half of its values among them, and the most of all columns', () => {
    expect(valuesOf({ x: 'p1' }, { x: 'no' }).columnOfIds(ids)).toBe('x');
    expect(valuesOf({ x: 'p1' }, { x: 'no' }, { x: 'neither' }).columnOfIds(ids)).toBeNull();
    expect(valuesOf({ x: 'p1', y: 'p1' }, { x: 'p1', y: 'p2' }).columnOfIds(ids)).toBe('y');
    expect(valuesOf({ x: 'p1', y: 'p2' }).columnOfIds(ids)).toBe('x');
    expect(valuesOf({ x: 'p1', y: 'p2' }).columnOfIds(ids, ['x'])).toBe('y');
    expect(valuesOf({ x: 'other' }).columnOfIds(ids)).toBeNull();
  });

  it('must have a suggestive name and only ids as values if the ids are plain numbers', () => {
    const numbers = idsOf('17', '+18', '-3.25');
    for (const name of ['passage_id', 'ref', '答案编号', 'docs', 'pid', 'relevant', 'id2'])
      expect(valuesOf({ [name]: '17' }, { [name]: '-3.25' }).columnOfIds(numbers)).toBe(name);
    for (const name of ['age', 'width', 'ideas'])
      expect(valuesOf({ [name]: '17' }, { [name]: '+18' }).columnOfIds(numbers)).toBeNull();
    expect(valuesOf({ ref: '17' }, { ref: '99' }).columnOfIds(numbers)).toBeNull();
    for (const id of ['a17', '17a', '1.', '1.2.3']) expect(valuesOf({ age: id }).columnOfIds(idsOf(id))).toBe('age');
  });

  it('does not consist of grades from 0 to 5', () => {
    expect(['0', '5'].map(isGrade)).toEqual([true, true]);
    expect(['6', '-1', '12', '1.0', ''].map(isGrade)).toEqual([false, false, false, false, false]);
    expect(valuesOf({ ref: '1' }, { ref: '2' }).columnOfIds(idsOf('1', '2'))).toBeNull();
    expect(valuesOf({ ref: '1' }, { ref: '6' }).columnOfIds(idsOf('1', '6'))).toBe('ref');
  });

  it('has at least half of the ids, if these are few', () => {
    expect(valuesOf({ x: 'p1', y: 'z' }, { x: 'p2', y: 'z2' }).columnWithIds(ids)).toBe('x');
    expect(valuesOf({ x: 'p1' }, { x: 'z' }).columnWithIds(ids)).toBeNull();
    expect(valuesOf({ x: 'p1', y: 'p3' }, { x: 'p2', y: 'p4' }).columnWithIds(ids, ['x'])).toBe('y');
  });
});
