import { AppError } from '../errors';
import { RandomStream } from '../random';
import type { Pair } from '../records';
import { exclusions, type Exclusion, type AnswerIndex } from './answerIndex';

export type ExclusionCounts = Record<Exclusion, number>;

export function noExclusions(): ExclusionCounts {
  return Object.fromEntries(exclusions.map((reason) => [reason, 0])) as ExclusionCounts;
}

export interface NegativesRequest {
  pairs: readonly Pair[];
  answers: AnswerIndex;
  /** The texts that negatives are chosen from. */
  pool: readonly string[];
  perAnchor: number;
  /**
   * Returns the candidates of a row as indexes into the pool, best first. Absent if all negatives are drawn at random.
   */
  own?: (row: number) => Iterable<number>;
  seed: number;
  stageIndex: number;
}

/** Scores found while mining the negatives of all pairs. */
export interface MinedScores {
  /** [pairs]: cosines of each anchor with its positive. */
  positives: Float32Array<ArrayBuffer>;
  /** [pairs × perAnchor]: cosines of the chosen negatives, including those drawn at random. */
  negatives: Float32Array<ArrayBuffer>;
  /** [pairs × perAnchor]: ranks from 1 of the chosen negatives, or 0 for those drawn at random. */
  ranks: Uint16Array<ArrayBuffer>;
  /** Cosines of some anchors with one random passage each. */
  random: Float32Array<ArrayBuffer>;
  /**
   * Number of passages of all pairs in the rank range and the score window. `excluded.margin` of them scored too high.
   */
  candidates: number;
}

/** The negatives of all pairs of a stage. */
export interface ChosenNegatives {
  perAnchor: number;
  /** [pairs × perAnchor]: indexes into the pool. */
  chosen: Int32Array<ArrayBuffer>;
  /** Candidates that were left out because they may answer the question, by reason. */
  excluded: ExclusionCounts;
  /** Negatives drawn at random because a row had too few of its own, and the number of such rows. */
  refilled: number;
  refilledRows: number;
  /** Only for mined negatives. */
  scores?: MinedScores;
}

/** Draws indexes below `count` without repetition. Its cost depends on how many are drawn, not on `count`. */
export function* drawn(count: number, random: RandomStream): Generator<number> {
  const moved = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const at = random.below(left);
    yield moved.get(at) ?? at;
    moved.set(at, moved.get(left - 1) ?? left - 1);
    moved.delete(left - 1);
  }
}

/** The negatives of one row while they are being chosen. No text is chosen twice. */
export class RowNegatives {
  readonly texts = new Set<string>();
  readonly indexes: number[] = [];

  constructor(
    private readonly row: number,
    private readonly request: NegativesRequest,
    private readonly excluded: ExclusionCounts,
  ) {}

  /** Takes candidates until the row has enough. */
  take(candidates: Iterable<number>): void {
    const { pool, answers, perAnchor } = this.request;
    if (this.indexes.length === perAnchor) return;
    for (const index of candidates) {
      const text = (pool[index] ?? '').trim();
      if (text === '' || this.texts.has(text)) continue;
      const reason = answers.exclusionOf(this.row, text);
      if (reason) {
        this.excluded[reason] += 1;
        continue;
      }
      this.texts.add(text);
      this.indexes.push(index);
      if (this.indexes.length === perAnchor) return;
    }
  }
}

/**
 * Chooses the same number of negatives for each pair: its own candidates first, then random texts of the pool. Leaves
 * out texts that may answer the question. Equal input and seed give equal negatives.
 * @throws too-few-negatives if the pool has too few texts for a pair.
 */
export function chooseNegatives(request: NegativesRequest): ChosenNegatives {
  const { pairs, pool, perAnchor, own, seed, stageIndex } = request;
  const chosen = new Int32Array(pairs.length * perAnchor);
  const excluded = noExclusions();
  let [refilled, refilledRows] = [0, 0];
  for (const [row, { anchor }] of pairs.entries()) {
    const negatives = new RowNegatives(row, request, excluded);
    if (own) negatives.take(own(row));
    const missing = perAnchor - negatives.indexes.length;
    if (own && missing > 0) [refilled, refilledRows] = [refilled + missing, refilledRows + 1];
    negatives.take(drawn(pool.length, new RandomStream(seed, 'negatives', stageIndex, row)));
    const found = negatives.indexes.length;
    if (found < perAnchor) throw new AppError({ kind: 'too-few-negatives', question: anchor, found, perAnchor });
    chosen.set(negatives.indexes, row * perAnchor);
  }
  return { perAnchor, chosen, excluded, refilled, refilledRows };
}
