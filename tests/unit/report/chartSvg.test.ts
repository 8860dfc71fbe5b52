import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../../src/domain/report/chartSvg';

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
