import { csvCell } from '../csvCell';

/** A training pair with its explicit negatives. */
export interface Triplet {
  anchor: string;
  positive: string;
  negatives: readonly string[];
  /** A teacher's scores of the positive and each negative, if it has scored all of them. */
  teacherScores?: readonly number[];
}

export const tripletFormats = ['jsonl', 'csv'] as const;
export type TripletFormat = (typeof tripletFormats)[number];

export interface TripletFile {
  format: TripletFormat;
  /** Negatives of the triplet that has most. A CSV file has a column for each; the rest of a row stays empty. */
  perAnchor: number;
  /** Whether the file has teacher scores, as a list in `scores`. The import can read it back. */
  scored?: boolean;
}

/** Returns the lines of a file of triplets, each with its line break: JSON, or CSV with one column per negative. */
export function* tripletLines(
  triplets: Iterable<Triplet>,
  { format, perAnchor, scored = false }: TripletFile,
): Generator<string> {
  if (format === 'csv') {
    const names = Array.from({ length: perAnchor }, (_, i) => `negative_${i + 1}`);
    yield `${['anchor', 'positive', ...names, ...(scored ? ['scores'] : [])].join(',')}\r\n`;
  }
  for (const { anchor, positive, negatives, teacherScores: scores } of triplets) {
    const listed = scored ? [scores ? JSON.stringify(scores) : ''] : [];
    const missing = Array.from({ length: Math.max(0, perAnchor - negatives.length) }, () => '');
    yield format === 'jsonl'
      ? `${JSON.stringify({ anchor, positive, negatives, ...(scored && scores ? { scores } : {}) })}\n`
      : `${[anchor, positive, ...negatives, ...missing, ...listed].map(csvCell).join(',')}\r\n`;
  }
}
