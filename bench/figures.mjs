import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../tools/lib/source.mjs';

/** Returns the median; for an even number of values, the lower of the two middle ones. */
export const lowerMedian = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** Formats a ratio. */
export const times = (ratio) => `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;

/** Reads the rows of a JSONL file in ../shared/data. */
export function rowsOf(name) {
  const file = join(root, '../shared/data', name);
  if (!existsSync(file)) throw new Error(`The row needs ${relative(root, file)}, which is missing.`);
  return readFileSync(file, 'utf8').trim().split('\n').map(JSON.parse);
}
