import type { Language } from '../../domain/language';

/** Formats the figures on the page: digits, separators, signs and units. */

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const encodingNames: Record<string, string> = {
  'utf-8': 'UTF-8',
  gb18030: 'GB18030',
  big5: 'Big5',
  'utf-16le': 'UTF-16LE',
  'utf-16be': 'UTF-16BE',
  shift_jis: 'Shift_JIS',
  'euc-jp': 'EUC-JP',
  'euc-kr': 'EUC-KR',
  'windows-1252': 'Windows-1252',
};

/** Returns the usual spelling of an encoding: "utf-8" → "UTF-8". */
export function formatEncoding(encoding: string): string {
  return encodingNames[encoding] ?? encoding;
}

/** Formats a share as a percentage, without a space in both languages: 0.1234 → "12.3%". */
export function formatPercent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/** Formats a share as a percentage, with one decimal unless the decimal is 0: 0.9 → "90%", 0.925 → "92.5%". */
export function formatShortPercent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** Formats a score with three digits and a typographic minus: "0.620", "−0.050". */
export function formatScore(score: number): string {
  return score.toFixed(3).replace('-', '−');
}

/** Formats a score with two digits, or "–" if there is none: "0.62", "−0.05". */
export function formatSmallScore(score: number): string {
  return Number.isNaN(score)
    ? '–'
    : score
        .toFixed(2)
        .replace(/^-(?=.*[1-9])/, '−')
        .replace(/^-/, '');
}

/** Formats a threshold with all its digits, because it was chosen as the shortest decimal in its gap. */
export function formatThreshold(threshold: number): string {
  return String(threshold).replace('-', '−');
}

/** Formats a difference with its sign: "+1.2", "−1.2" with the typographic minus, or "±0.0" if it rounds to 0. */
export function formatSigned(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `±${text}`;
  return value > 0 ? `+${text}` : `−${text}`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit] ?? ''}`;
}

/**
 * Formats a figure with three significant digits, or four from 100 on. Uses an exponent below 0.001, thousands
 * separators from 1,000 on, and “−” for minus.
 */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1000) return `${sign}${formatCount(size)}`;
  if (size < 0.001) return `${sign}${size.toExponential(2).replace('e-0', 'e-')}`;
  return `${sign}${Number(size.toPrecision(size >= 100 ? 4 : 3))}`;
}

/** Formats a relative error with one digit: "2e-6". */
export function formatError(error: number): string {
  return error === 0 ? '0' : error.toExponential(0).replace('e+', 'e');
}

/** Formats a learning rate or temperature with all its digits, as papers print them: "2e-5", but "0.05". */
export function formatRate(rate: number): string {
  return rate > 0 && rate < 0.001 ? rate.toExponential() : String(rate);
}

/** Returns the start of a content hash, enough to distinguish two hashes by eye. */
export function formatHash(sha256: string): string {
  return sha256.slice(0, 12);
}

/**
 * Formats a p-value as papers print it: "p = 0.039", or "p < 0.001" for small values. Its spaces don't break, so that a
 * line never ends in the middle.
 */
export function formatP(p: number): string {
  if (p < 0.001) return 'p\u00a0<\u00a00.001';
  return `p\u00a0=\u00a0${p < 0.1 ? p.toFixed(3) : p.toFixed(2)}`;
}

export function formatDate(at: number, language: Language): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  return new Date(at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
}

interface TimeWords {
  seconds: (n: number) => string;
  minutes: (m: number, s: number) => string;
  hours: (h: number, m: number) => string;
}

export function formatDuration(ms: number, words: TimeWords): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return words.seconds(seconds);
  if (seconds < 3600) return words.minutes(Math.floor(seconds / 60), seconds % 60);
  return words.hours(Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60));
}
