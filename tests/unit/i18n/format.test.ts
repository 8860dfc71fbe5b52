import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatP,
  formatPercent,
  formatScore,
  formatShortPercent,
  formatSigned,
  formatThreshold,
} from '../../../src/ui/i18n/format';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';

describe('number formatting', () => {
  it('adds thousands separators and units', () => {
    expect(formatCount(22324)).toBe('22,324');
    expect(formatPercent(0.1234)).toBe('12.3%');
    expect(formatBytes(409_000_000)).toBe('409 MB');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1_230_000_000)).toBe('1.2 GB');
  });

  it('shows a share that a user set with a decimal only if it has one', () => {
    expect([0.9, 0.925, 0.07, 1].map(formatShortPercent)).toEqual(['90%', '92.5%', '7%', '100%']);
  });

  it('shows scores with three digits, thresholds with all, and both with a typographic minus', () => {
    expect([formatScore(0.62), formatScore(-0.05)]).toEqual(['0.620', '−0.050']);
    expect([formatThreshold(0.7), formatThreshold(-0.1234)]).toEqual(['0.7', '−0.1234']);
  });

  it('shows a difference with its sign, and as ±0.0 if it rounds to zero', () => {
    expect(formatSigned(14.8)).toBe('+14.8');
    expect(formatSigned(-2.04)).toBe('−2.0');
    expect(formatSigned(0.004)).toBe('±0.0');
  });

  it('shows p values the way papers do', () => {
    expect(formatP(0.109375)).toBe('p\u00a0=\u00a00.11');
    expect(formatP(0.0386)).toBe('p\u00a0=\u00a00.039');
    expect(formatP(0.00001)).toBe('p\u00a0<\u00a00.001');
  });

  it('shows small figures in scientific notation, large ones as integers, and NaN as a dash', () => {
    expect(formatFigure(0.00002)).toBe('2.00e-5');
    expect(formatFigure(0.36)).toBe('0.36');
    expect(formatFigure(1.4142)).toBe('1.41');
    expect(formatFigure(12345.6)).toBe('12,346');
    expect([formatFigure(2697.3), formatFigure(1049), formatFigure(999.6)]).toEqual(['2,697', '1,049', '999.6']);
    expect(formatFigure(NaN)).toBe('–');
  });

  it('shows durations in the words of the language', () => {
    expect(formatDuration(65_000, en.time)).toBe('1 min 5 s');
    expect(formatDuration(65_000, zh.time)).toBe('1 分 5 秒');
    expect(formatDuration(7_260_000, en.time)).toBe('2 h 1 min');
  });
});

/** Returns every text of a dictionary with its path. Functions are called with '1', '2' and '3'. */
function texts(node: object, path = ''): [string, string][] {
  return Object.entries(node).flatMap(([key, value]): [string, string][] => {
    const place = `${path}.${key}`;
    if (typeof value === 'string') return [[place, value]];
    if (typeof value === 'function') return [[place, String((value as (...args: string[]) => string)('1', '2', '3'))]];
    return typeof value === 'object' && value !== null ? texts(value as object, place) : [];
  });
}

describe('the dictionaries', () => {
  it('have the same keys and no empty text', () => {
    expect(texts(zh).map(([place]) => place)).toEqual(texts(en).map(([place]) => place));
    expect(texts(zh).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('contain no Chinese in the English texts except the names of languages', () => {
    const chinese = texts(en).filter(([, text]) => /[\u4e00-\u9fff]/.test(text));
    // The language switch shows the other language's name in that language.
    expect(chinese.map(([place]) => place)).toEqual([
      '.header.language',
      '.header.languageHelp',
      '.settings.languages.zh',
    ]);
  });
});
