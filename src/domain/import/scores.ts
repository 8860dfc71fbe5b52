import { isGiven } from './cells';
import type { RecordFault } from './recordReader';

/** Words for the labels 0 and 1 in exports of annotation tools and spreadsheets. */
const noWords = /^(?:false|no|neg|negative|irrelevant|否|负|负例|不相关|无关)$/i;
const yesWords = /^(?:true|yes|pos|positive|relevant|是|正|正例|相关|有关)$/i;

/** Returns a score or label as a number, or null if it is neither a number, a percentage nor a word for yes or no. */
export function scoreIn(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  if (!isGiven(value)) return null;
  const text = String(value).trim();
  if (noWords.test(text)) return 0;
  if (yesWords.test(text)) return 1;
  const percent = /[%％]$/.test(text) ? text.slice(0, -1).trim() : undefined;
  // `Number` would also read 0x10 and 0b1, and an empty text as 0.
  const decimal = percent ?? text;
  const score = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(decimal) ? Number(decimal) : NaN;
  if (!Number.isFinite(score)) return null;
  return percent === undefined ? score : score / 100;
}

/** Returns the value of a label, which may also be a grade up to 5, or null if it is not a label. */
export function labelIn(value: unknown): number | null {
  const score = scoreIn(value);
  return score !== null && score >= -1 && score <= 5 ? score : null;
}

/** Returns the fault of a column whose value is not a score. */
export function noNumber(field: string, value: unknown): RecordFault {
  return { fault: 'not-a-number', field, expected: typeof value === 'string' ? value : JSON.stringify(value) };
}
