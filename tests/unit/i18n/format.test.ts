import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatP,
  formatPercent,
  formatSigned,
} from '../../../src/ui/i18n/format';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';

describe('formatting', () => {
  it('adds separators and units', () => {
    expect(formatCount(22324)).toBe('22,324');
    expect(formatPercent(0.1234)).toBe('12.3%');
    expect(formatBytes(409_000_000)).toBe('409 MB');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1_230_000_000)).toBe('1.2 GB');
  });

  it('shows a difference with its sign, and ± if it rounds to 0', () => {
    expect(formatSigned(14.8)).toBe('+14.8');
    expect(formatSigned(-2.04)).toBe('−2.0');
    expect(formatSigned(0.004)).toBe('±0.0');
  });

  it('writes p as papers do', () => {
    expect(formatP(0.109375)).toBe('p = 0.11');
    expect(formatP(0.0386)).toBe('p = 0.039');
    expect(formatP(0.00001)).toBe('p < 0.001');
  });

  it('keeps three significant digits and groups large numbers', () => {
    expect(formatFigure(0.00002)).toBe('2.00e-5');
    expect(formatFigure(0.36)).toBe('0.36');
    expect(formatFigure(1.4142)).toBe('1.41');
    expect(formatFigure(12345.6)).toBe('12,346');
    expect(formatFigure(NaN)).toBe('–');
  });

  it('writes durations in the words of the language', () => {
    expect(formatDuration(65_000, en.time)).toBe('1 min 5 s');
    expect(formatDuration(65_000, zh.time)).toBe('1 分 5 秒');
    expect(formatDuration(7_260_000, en.time)).toBe('2 h 1 min');
  });
});

/** Every text of a dictionary with its path. Functions are called with numbers as strings. */
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

  it('have no Chinese in the English one', () => {
    const chinese = texts(en).filter(([, text]) => /[\u4e00-\u9fff]/.test(text));
    // The language switch is written in the language that it switches to.
    expect(chinese.map(([place]) => place)).toEqual([
      '.header.language',
      '.header.languageHelp',
      '.settings.languages.zh',
    ]);
  });
});
