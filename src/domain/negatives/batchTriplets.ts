import type { Stage } from '../train/stageSchema';
import type { Triplet } from './triplets';

/**
 * The passages that a loss compares a question with: all of its batch, its own and all explicit negatives of the batch,
 * or its own and its own explicit negatives.
 */
export type Contrast = 'batch' | 'explicit' | 'own';

export function contrastOf({ loss }: Pick<Stage, 'loss'>): Contrast {
  if (loss.kind === 'inBatchInfoNce') return loss.contrast ?? 'batch';
  return loss.kind === 'sigmoidPairs' ? 'batch' : 'own';
}

/** A row of a step, with its own explicit negatives. Positions count from the begin of the row's own batch. */
export interface ComparedRow extends Triplet {
  /** Rows that serve as the row's negatives. Absent if all others do. */
  drawn?: number[];
  /** Rows whose passages the loss leaves out, because they are known answers. Absent if there are none. */
  known?: number[];
}

/** The rows of a step. A step that accumulates gradients has several batches of `batchSize` rows. */
export interface ComparedRows {
  batchSize: number;
  contrast: Contrast;
  rows: readonly ComparedRow[];
}

/** Returns the passages of other questions that a row is compared with. */
export function inBatchNegatives({ batchSize, contrast, rows }: ComparedRows, index: number): string[] {
  const { drawn, known = [] } = rows[index] ?? {};
  if (contrast !== 'batch') return [];
  const begin = index - (index % Math.max(1, batchSize));
  const isNegative = (at: number): boolean =>
    drawn ? drawn.includes(at) : begin + at !== index && !known.includes(at);
  return rows
    .slice(begin, begin + batchSize)
    .filter((_, at) => isNegative(at))
    .map(({ positive }) => positive);
}

/** Returns at most how many negatives the triplets of a step have together. Cheap, unlike the triplets. */
export function mostNegatives({ batchSize, contrast, rows }: ComparedRows): number {
  const others = ({ drawn }: ComparedRow): number => (contrast === 'batch' ? (drawn?.length ?? batchSize - 1) : 0);
  return rows.reduce((sum, row) => sum + row.negatives.length + others(row), 0);
}

/**
 * Returns each question of a step with its own passage, and as negatives its own explicit ones and then the passages of
 * other questions that it is compared with. A text occurs once.
 */
export function* batchTriplets(batch: ComparedRows): Generator<Triplet> {
  for (const [index, { anchor, positive, negatives, teacherScores }] of batch.rows.entries()) {
    const all = [...new Set([...negatives, ...inBatchNegatives(batch, index)])];
    const scored = teacherScores && all.length === negatives.length ? { teacherScores } : {};
    yield { anchor, positive, negatives: all, ...scored };
  }
}
