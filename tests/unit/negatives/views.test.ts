import { describe, expect, it } from 'vitest';
import { scoreBins } from '../../../src/domain/negatives/scoreBins';
import { teacherScoresOfTexts } from '../../../src/domain/negatives/teacherScores';
import { tripletLines } from '../../../src/domain/negatives/triplets';
import { file, imported } from '../import/importFiles';

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

  it('hold the scores of their part of the axis, as counted bin by bin', () => {
    const lists = [Float32Array.of(0.3125, 0.5, 0.59, 0.51, NaN), Float32Array.of(0.75, 0.3)];
    const { low, binWidth, lists: bins } = scoreBins(lists);
    expect([low, binWidth]).toEqual([12 * 0.025, 0.025]);
    const counted = lists.map((scores) =>
      Array.from({ length: 19 }, (_, i) => scores.filter((score) => Math.floor(score / 0.025) === 12 + i).length),
    );
    expect(bins).toEqual(counted);
  });

  it('are a single one if all scores are equal', () => {
    expect(scoreBins([Float32Array.of(0.5, 0.5)])).toEqual({ low: 0.5, binWidth: 0.025, lists: [[2]] });
  });

  it('are empty without scores', () => {
    expect(scoreBins([new Float32Array(0), Float32Array.of(NaN)]).lists).toEqual([[], []]);
  });
});

describe('the scores of a teacher', () => {
  const pair = { negatives: ['负', '误 ', '负'], teacherScores: [0.9, -2, 0.1, 5] };

  it('are found by text, also with other spaces at its ends, and the first counts of a text that a pair has twice', () => {
    expect(teacherScoresOfTexts(pair, ['误', '负', '别'])).toEqual([0.9, 0.1, -2, null]);
    expect(teacherScoresOfTexts({}, ['误'])).toEqual([null, null]);
  });

  it.each(['jsonl', 'csv'] as const)(
    'are in an exported file of triplets, which the import reads: %s',
    async (format) => {
      const triplets = [
        { anchor: '问', positive: '答', negatives: ['负', '误'], teacherScores: [0.9, -2, 0.1] },
        { anchor: '二', positive: '复', negatives: ['误', '错'] },
      ];
      const lines = [...tripletLines(triplets, { format, perAnchor: 2, scored: true })];
      const { rows } = await imported('pairs', file(`t.${format}`, ...lines));
      expect(rows.map(({ id: _, ...row }) => row)).toEqual(triplets);
    },
  );
});

describe('a file of triplets', () => {
  const triplets = [
    { anchor: '=1+1', positive: 'a "b", c', negatives: ['-2', '行\n二'] },
    { anchor: '问', positive: '答', negatives: ['＝x-1', '@y'] },
  ];

  it('has one JSON object per line', () => {
    const lines = [...tripletLines(triplets, { format: 'jsonl', perAnchor: 2 })].join('').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(triplets);
  });

  it('has one CSV column per negative, and no cell that a spreadsheet takes for a formula', () => {
    const text = [...tripletLines(triplets, { format: 'csv', perAnchor: 2 })].join('');
    expect(text).toBe(
      'anchor,positive,negative_1,negative_2\r\n' + `'=1+1,"a ""b"", c",'-2,"行\n二"\r\n` + "问,答,＝x-1,'@y\r\n",
    );
  });
});
