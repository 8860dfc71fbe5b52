import { formatCount } from '../format';

/** Returns a number with its noun: "1 row", "1,234 rows". */
export function count(n: number, noun: string): string {
  return `${formatCount(n)} ${n === 1 ? noun : `${noun}s`}`;
}
