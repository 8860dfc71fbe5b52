import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../../src/domain/report/chartSvg';
import { logTicks } from '../../../src/domain/report/logTicks';

const chartOf = (count: number): string =>
  chartSvg({
    kind: 'hitRates',
    title: 't',
    caption: 'c',
    ticks: ['1', '3'],
    series: Array.from({ length: count }, (_, i) => ({
      label: `model ${i}`,
      tone: 'other' as const,
      points: [0.1, 1].map((share) => ({ share, low: share, high: share })),
    })),
  });

describe('the chart of hit rates', () => {
  it.each([1, 14, 40, 129])('shows the labels of %i series inside of it, none over another', (count) => {
    const svg = chartOf(count);
    const height = Number(/viewBox="0 0 720 (\d+)"/.exec(svg)?.[1]);
    const ys = [...svg.matchAll(/<text x="[\d.]+" y="(-?[\d.]+)"[^>]*>model/g)].map(([, y]) => Number(y));
    expect(ys).toHaveLength(count);
    const sorted = ys.sort((a, b) => a - b);
    expect(sorted[0]).toBeGreaterThan(12);
    expect(sorted.at(-1)).toBeLessThan(height);
    for (const [i, y] of sorted.slice(1).entries()) expect(y - (sorted[i] ?? 0)).toBeGreaterThanOrEqual(17.9);
  });

  it('draws 32 series with different pairs of colour and dash, and neighbours with different dashes', () => {
    const strokes = [...chartOf(32).matchAll(/<path [^>]*stroke="(#\w+)"[^>]*?(?:stroke-dasharray="([^"]*)")?\/>/g)];
    expect(new Set(strokes.map(([, colour, dash = '']) => `${colour} ${dash}`)).size).toBe(32);
    for (const [i, [, , dash]] of strokes.slice(1).entries()) expect(dash).not.toBe(strokes[i]?.[2]);
  });
});

/** Returns the heights of the grid's lines by the words beside them. */
const gridOf = (svg: string): Map<string, number> =>
  new Map(
    [...svg.matchAll(/y1="([\d.]+)" x2="[\d.]+" y2="\1" stroke="#d6dbd8"\/><text [^>]*>([^<]+)</g)].map(
      ([, y, words = '']) => [words, Number(y)],
    ),
  );
const circlesOf = (svg: string): number[] => [...svg.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));

describe('the places in a chart', () => {
  it('of hit rates and their intervals are those of the grid, each in the column of its cut-off', () => {
    const points = [
      { share: 0.25, low: 0, high: 0.5 },
      { share: 0.75, low: 0.5, high: 1 },
    ];
    const series = [{ label: 'm', tone: 'after' as const, points }];
    const svg = chartSvg({ kind: 'hitRates', title: 't', caption: 'c', ticks: ['1', '10'], series });
    const grid = gridOf(svg);
    expect([...grid.keys()]).toEqual(['0%', '25%', '50%', '75%', '100%']);
    const at = (...words: string[]) => words.map((word) => grid.get(word));
    expect(circlesOf(svg)).toEqual(at('25%', '75%'));
    const intervals = [...svg.matchAll(/<line x1="([\d.]+)" y1="([\d.]+)" x2="\1" y2="([\d.]+)" stroke="#0b6655"/g)];
    expect(intervals.map(([, , low, high]) => [Number(low), Number(high)])).toEqual([
      at('0%', '50%'),
      at('50%', '100%'),
    ]);
    const columns = [...svg.matchAll(/<text x="([\d.]+)" y="288"[^>]*>(\d+)</g)].map(([, x, tick]) => [tick, x]);
    expect(columns).toEqual([
      ['1', intervals[0]?.[1]],
      ['10', intervals[1]?.[1]],
    ]);
  });

  it('of ranks are those of the grid; what was not found is below it, and a line parts the first k from the rest', () => {
    const strokes = [
      { before: 30, after: 1, change: 'won' as const },
      { before: 3, after: Infinity, change: 'lost' as const },
    ];
    const svg = chartSvg({ kind: 'ranks', title: 't', caption: 'c', passages: 100, k: 3, strokes });
    const grid = gridOf(svg);
    expect([...grid.keys()]).toEqual(['1', '3', '10', '30', '100']);
    const [found, lost = 0] = circlesOf(svg);
    expect(found).toBe(grid.get('1'));
    expect(lost).toBeGreaterThan(grid.get('100') ?? Infinity);
    const lines = [...svg.matchAll(/y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)" stroke="#(?:1f5fae|a8500a)"/g)];
    expect(lines.map(([, before, after]) => [Number(before), Number(after)])).toEqual([
      [grid.get('30'), found],
      [grid.get('3'), lost],
    ]);
    const limit = Number(/y1="([\d.]+)" x2="[\d.]+" y2="\1" stroke="#17201c"/.exec(svg)?.[1]);
    expect(limit).toBeGreaterThan(grid.get('3') ?? Infinity);
    expect(limit).toBeLessThan(grid.get('10') ?? 0);
  });

  it('has lines at 1, 3, 10 and so on, and at the last passage, which no other line is close to', () => {
    expect(logTicks(100)).toEqual([1, 3, 10, 30, 100]);
    expect(logTicks(40)).toEqual([1, 3, 10, 40]);
    expect(logTicks(1)).toEqual([1]);
  });
});

it('the label of a series is cut after twenty letters or ten Chinese characters', () => {
  const labelOf = (label: string): string => {
    const series = [{ label, tone: 'other' as const, points: [] }];
    const svg = chartSvg({ kind: 'hitRates', title: 't', caption: 'c', ticks: [], series });
    return [...svg.matchAll(/<text [^>]*>([^<]*)</g)].at(-1)?.[1] ?? '';
  };
  expect(labelOf('a'.repeat(20))).toBe('a'.repeat(20));
  expect(labelOf('a'.repeat(21))).toBe(`${'a'.repeat(20)}…`);
  expect(labelOf('猪'.repeat(10))).toBe('猪'.repeat(10));
  expect(labelOf(`${'猪'.repeat(9)}abc`)).toBe(`${'猪'.repeat(9)}ab…`);
});
