import type { Stage } from '../train/stageSchema';
import type { Triplet } from './triplets';

/**
 * The passages that a loss compares a question with, beside its own: those of the other rows and all explicit negatives
 * of the batch; all explicit negatives of the batch; or its own explicit negatives.
 */
export type Contrast = 'batch' | 'explicit' | 'own';

export function contrastOf({ loss }: Pick<Stage, 'loss'>): Contrast {
  if (loss.kind === 'inBatchInfoNce') return loss.contrast ?? 'batch';
  return loss.kind === 'sigmoidPairs' ? 'batch' : 'own';
}

/**
 * A row of a step, with its own explicit negatives, of which each row of a step has the same number. Positions count
 * from the begin of the row's own batch.
 */
export interface ComparedRow extends Triplet {
  /** Rows whose texts serve as the row's negatives. Absent if those of all others do. */
  drawn?: number[];
  /** Rows whose passages the loss leaves out, because they are known answers. Absent if there are none. */
  known?: number[];
  /** Explicit negatives of the whole batch that the loss leaves out, because they answer the row's question. */
  answering?: number[];
}

/** The rows of a step. A step that accumulates gradients has several batches of `batchSize` rows. */
export interface ComparedRows {
  batchSize: number;
  contrast: Contrast;
  rows: readonly ComparedRow[];
}

/** Returns the rows of a row's batch, and the positions of those whose texts may be its negatives. */
function othersOf({ batchSize, contrast, rows }: ComparedRows, index: number) {
  const size = Math.max(1, batchSize);
  const place = index % size;
  const batch = rows.slice(index - place, index - place + size);
  const all = [...batch.keys()].filter((at) => at !== place);
  return { batch, others: contrast === 'own' ? [] : (rows[index]?.drawn ?? all) };
}

/** Returns the texts of other rows that a row is compared with: their passages, then their explicit negatives. */
export function negativesOfOthers(compared: ComparedRows, index: number): string[] {
  const { batch, others } = othersOf(compared, index);
  const [known, answering] = [new Set(compared.rows[index]?.known), new Set(compared.rows[index]?.answering)];
  const passages = compared.contrast === 'batch' ? others.filter((at) => !known.has(at)) : [];
  return [
    ...passages.map((at) => batch[at]?.positive ?? ''),
    ...others.flatMap((at) => {
      const { negatives = [] } = batch[at] ?? {};
      return negatives.filter((_, n) => !answering.has(at * negatives.length + n));
    }),
  ];
}

/** Returns the number of `negativesOfOthers`, without making the list. */
export function countOfOthers(compared: ComparedRows, index: number): number {
  const { others } = othersOf(compared, index);
  const { known, answering, negatives } = compared.rows[index] ?? { negatives: [] };
  const isOther = new Set(others);
  const passages = compared.contrast === 'batch' ? others.length : 0;
  const knownOthers = passages > 0 ? (known ?? []).filter((at) => isOther.has(at)).length : 0;
  const left = (answering ?? []).filter((at) => isOther.has(Math.floor(at / negatives.length))).length;
  return passages - knownOthers + others.length * negatives.length - left;
}

/** Returns at most how many negatives the triplets of a step have together. Cheap, unlike the triplets. */
export function mostNegatives({ batchSize, contrast, rows }: ComparedRows): number {
  return rows.reduce((sum, { negatives: { length }, drawn }) => {
    const others = drawn?.length ?? batchSize - 1;
    const ofOthers = { batch: others * (1 + length), explicit: others * length, own: 0 };
    return sum + length + ofOthers[contrast];
  }, 0);
}

/**
 * Returns each question of a step with its own passage, and as negatives its own explicit ones and then the texts of
 * other rows that it is compared with. A text occurs once.
 */
export function* batchTriplets(batch: ComparedRows): Generator<Triplet> {
  for (const [index, { anchor, positive, negatives, teacherScores }] of batch.rows.entries()) {
    const all = [...new Set([...negatives, ...negativesOfOthers(batch, index)])];
    const scored = teacherScores && all.length === negatives.length ? { teacherScores } : {};
    yield { anchor, positive, negatives: all, ...scored };
  }
}
