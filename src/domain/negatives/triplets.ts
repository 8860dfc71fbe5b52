import { csvCell } from '../csvCell';

/** A training pair with its explicit negatives. */
export interface Triplet {
  anchor: string;
  positive: string;
  negatives: readonly string[];
}

export const tripletFormats = ['jsonl', 'csv'] as const;
export type TripletFormat = (typeof tripletFormats)[number];

/** Returns the lines of a file of triplets, each with its line break: JSON, or CSV with one column per negative. */
export function* tripletLines(
  triplets: Iterable<Triplet>,
  format: TripletFormat,
  perAnchor: number,
): Generator<string> {
  if (format === 'csv') {
    const names = Array.from({ length: perAnchor }, (_, i) => `negative_${i + 1}`);
    yield `${['anchor', 'positive', ...names].join(',')}\r\n`;
  }
  for (const { anchor, positive, negatives } of triplets)
    yield format === 'jsonl'
      ? `${JSON.stringify({ anchor, positive, negatives })}\n`
      : `${[anchor, positive, ...negatives].map(csvCell).join(',')}\r\n`;
}
