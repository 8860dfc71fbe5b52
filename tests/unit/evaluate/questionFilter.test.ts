import { describe, expect, it } from 'vitest';
import {
  filterQuestions,
  filterValues,
  lengthBand,
  lengthBands,
  noFilter,
} from '../../../src/domain/evaluate/questionFilter';

const rows = [
  filterValues('母猪不吃食', { topic: '母猪', document: '手册一' }, 'won'),
  filterValues('仔猪腹泻怎么办呢', { topic: '仔猪', document: '手册一' }, 'lost'),
  filterValues('仔猪'.repeat(8), { topic: '仔猪', document: null }, 'won'),
  filterValues('无主题的问题', undefined, 'same'),
];

describe('the filters of questions', () => {
  it('combine, and treat a missing value as a separate value', () => {
    const shown = (filter: Partial<typeof noFilter>) =>
      filterQuestions(rows, { ...noFilter, ...filter })
        .matching.map(Number)
        .join('');
    expect(shown({})).toBe('1111');
    expect(shown({ topic: '仔猪' })).toBe('0110');
    expect(shown({ topic: '仔猪', change: 'won' })).toBe('0010');
    expect(shown({ document: '' })).toBe('0011');
    expect(shown({ length: '1' })).toBe('0010');
  });

  it('count the questions that each value would match if the other fields did not change', () => {
    const { counts } = filterQuestions(rows, { ...noFilter, topic: '仔猪', change: 'won' });
    expect(Object.fromEntries(counts.topic)).toEqual({ 母猪: 1, 仔猪: 1, '': 0 });
    expect(Object.fromEntries(counts.change)).toEqual({ won: 1, lost: 1, same: 0 });
  });

  it('cut length into bands without gaps, in characters', () => {
    expect(lengthBands.map(({ from, to }) => [from, to])).toEqual([
      [1, 10],
      [11, 20],
      [21, 40],
      [41, Infinity],
    ]);
    expect(['', '一'.repeat(10), '𠀀'.repeat(10), '一'.repeat(11), '一'.repeat(99)].map(lengthBand)).toEqual([
      0, 0, 0, 1, 3,
    ]);
  });
});
