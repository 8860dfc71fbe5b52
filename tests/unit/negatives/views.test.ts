import { describe, expect, it } from 'vitest';
import { scoreBins } from '../../../src/domain/negatives/scoreBins';
import { tripletLines } from '../../../src/domain/negatives/triplets';

describe('the bins of scores', () => {
  it('cover the range of all lists, and count every score once', () => {
    const lists = [Float32Array.of(0.31, 0.91, 0.91), Float32Array.of(-0.02, NaN)];
    const { low, binWidth, lists: bins } = scoreBins(lists);
    expect(low).toBeCloseTo(-0.025);
    expect(low + binWidth * (bins[0]?.length ?? 0)).toBeGreaterThan(0.91);
    expect(bins.map((list) => list.reduce((sum, count) => sum + count, 0))).toEqual([3, 1]);
    expect(bins[0]?.at(-1)).toBe(2);
    expect(bins[1]?.[0]).toBe(1);
  });

  it('are empty without scores', () => {
    expect(scoreBins([new Float32Array(0), Float32Array.of(NaN)]).lists).toEqual([[], []]);
  });
});

describe('a file of triplets', () => {
  const triplets = [
    { anchor: '=1+1', positive: 'a "b", c', negatives: ['-2', '行\n二'] },
    { anchor: '问', positive: '答', negatives: ['＝x', '@y'] },
  ];

  it('has one JSON object per line', () => {
    const lines = [...tripletLines(triplets, 'jsonl', 2)].join('').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(triplets);
  });

  it('has one CSV column per negative, and no cell that a spreadsheet takes for a formula', () => {
    const text = [...tripletLines(triplets, 'csv', 2)].join('');
    expect(text).toBe(
      'anchor,positive,negative_1,negative_2\r\n' + `'=1+1,"a ""b"", c",'-2,"行\n二"\r\n` + "问,答,＝x,'@y\r\n",
    );
  });
});
