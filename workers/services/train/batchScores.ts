import type { Stage } from '../../../src/domain/experiment';
import type { InfoNceSettings } from '../../../src/domain/train/lossSchema';
import { hardestOfRows, type HardPair, type TrainScores, type WrongText } from '../../../src/domain/train/trainScores';
import type { LossMask } from '../../engine/losses/lossMask';
import type { LossTargets } from '../../engine/losses/loss';
import type { ObservedVectors } from './batchObserver';

/** Facts about an observed batch, other than its vectors. */
interface ObservedBatch {
  loss: Stage['loss'];
  targets?: LossTargets | undefined;
  /** The ids of the batch's rows. */
  ids: readonly string[];
}

type Cosine = (anchor: number, candidate: number) => number;

/**
 * Returns the scores of the observed rows of a batch, and the rows that their loss finds hardest. A row is compared
 * with the observed texts only. Candidates are numbered as in the whole batch: its positives, then the negatives of
 * each row.
 */
export function batchScores(
  vectors: ObservedVectors,
  batch: ObservedBatch,
): Pick<TrainScores, 'rows' | 'right' | 'others' | 'hardest'> {
  const { rows } = vectors;
  const cosine = cosineOf(vectors);
  const all = Array.from({ length: rows }, (_, row) => row);
  const right = all.reduce((sum, row) => sum + cosine(row, row), 0) / rows;
  let others = 0;
  for (const row of all) for (const other of all) if (other !== row) others += cosine(row, other);
  const pairs = rows * (rows - 1);
  const hardest = hardestOfRows(all.map(hardRows(vectors, batch, cosine)));
  return { rows, right, others: pairs === 0 ? null : others / pairs, hardest };
}

/** Returns a function that describes how hard a row of the batch is, by the way its loss compares texts. */
function hardRows(vectors: ObservedVectors, batch: ObservedBatch, cosine: Cosine): (row: number) => HardPair {
  const { loss, ids, targets } = batch;
  const { rows, perAnchor, batchRows } = vectors;
  const own = (row: number): number[] => Array.from({ length: perAnchor }, (_, n) => batchRows + row * perAnchor + n);
  const basic = (row: number) => ({ pairId: ids[row] ?? '', cosine: cosine(row, row) });
  const against = (wrongOf: (row: number) => number[]) => (row: number) => {
    const wrong = bestOf(row, wrongOf(row), vectors, ids, cosine);
    const pair = basic(row);
    return { ...pair, hardness: wrong ? wrong.cosine - pair.cosine : NaN, ...(wrong ? { wrong } : {}) };
  };
  switch (loss.kind) {
    case 'cosent':
    case 'angle':
    case 'cosineMse': {
      const scores = targets?.scores ?? new Float32Array(rows);
      const hardness = loss.kind === 'cosineMse' ? distanceToScore : disorder;
      return (row) => ({ ...basic(row), score: scores[row] ?? NaN, hardness: hardness(row, rows, scores, cosine) });
    }
    case 'distillation': {
      const { temperature, teacherTemperature = temperature } = loss;
      return (row) => {
        const student = [row, ...own(row)].map((candidate) => cosine(row, candidate) / temperature);
        const values = targets?.teacherScores?.values ?? new Float32Array(0);
        const first = row * (1 + perAnchor);
        const teacher = Array.from(
          values.subarray(first, first + 1 + perAnchor),
          (score) => score / teacherTemperature,
        );
        return { ...against(own)(row), hardness: divergence(teacher, student) };
      };
    }
    case 'triplet':
      return against(own);
    case 'sigmoidPairs':
      return against((row) => Array.from({ length: rows }, (_, other) => other).filter((other) => other !== row));
    case 'inBatchInfoNce':
      return against(contrastedWith(loss, vectors, targets, cosine));
    default:
      return loss satisfies never;
  }
}

/** Returns a function that lists the observed candidates that InfoNCE contrasts a row with. */
function contrastedWith(
  { contrast = 'batch', falseNegatives }: InfoNceSettings,
  { rows, perAnchor, batchRows }: ObservedVectors,
  { leftOut, guide }: LossTargets = {},
  cosine: Cosine,
): (row: number) => number[] {
  const positives = contrast === 'batch' ? Array.from({ length: rows }, (_, other) => other) : [];
  const negatives = Array.from({ length: rows * perAnchor }, (_, n) => batchRows + n);
  const byScore = falseNegatives?.byScore;
  const judged = byScore?.model && guide ? guideCosine(guide) : cosine;
  const isOwn = (row: number, candidate: number): boolean => Math.floor((candidate - batchRows) / perAnchor) === row;
  return (row) => {
    const positive = judged(row, row);
    const limit = byScore
      ? positive - byScore.margin * (byScore.kind === 'relative' ? Math.abs(positive) : 1)
      : Infinity;
    return [...positives, ...negatives].filter(
      (candidate) =>
        candidate !== row &&
        (contrast !== 'own' || isOwn(row, candidate)) &&
        !(leftOut && isLeftOut(leftOut, row, candidate)) &&
        (!byScore || judged(row, candidate) <= limit),
    );
  };
}

function isLeftOut({ words, shape: [, width] }: LossMask, row: number, candidate: number): boolean {
  return (((words[row * width + (candidate >> 5)] ?? 0) >>> (candidate & 31)) & 1) === 1;
}

function bestOf(
  row: number,
  candidates: readonly number[],
  { batchRows, perAnchor }: ObservedVectors,
  ids: readonly string[],
  cosine: Cosine,
): WrongText | null {
  let best: { candidate: number; cosine: number } | null = null;
  for (const candidate of candidates) {
    const score = cosine(row, candidate);
    if (score > (best?.cosine ?? -Infinity)) best = { candidate, cosine: score };
  }
  if (!best) return null;
  const after = best.candidate - batchRows;
  return after < 0
    ? { pairId: ids[best.candidate] ?? '', cosine: best.cosine }
    : { pairId: ids[Math.floor(after / perAnchor)] ?? '', negative: after % perAnchor, cosine: best.cosine };
}

/** Returns how far the cosine of a scored pair is from its score. */
function distanceToScore(row: number, _rows: number, scores: Float32Array, cosine: Cosine): number {
  return Math.abs(cosine(row, row) - (scores[row] ?? NaN));
}

/**
 * Returns the mean amount by which a scored pair's cosine is on the wrong side of the cosines of pairs with other
 * scores.
 */
function disorder(row: number, rows: number, scores: Float32Array, cosine: Cosine): number {
  let [sum, compared] = [0, 0];
  for (let other = 0; other < rows; other++) {
    const order = Math.sign((scores[row] ?? NaN) - (scores[other] ?? NaN));
    if (order === 0) continue;
    compared += 1;
    sum += Math.max(0, order * (cosine(other, other) - cosine(row, row)));
  }
  return compared === 0 ? NaN : sum / compared;
}

/** KL(softmax(teacher) ‖ softmax(student)). */
function divergence(teacher: readonly number[], student: readonly number[]): number {
  const logShares = (logits: readonly number[]): number[] => {
    const most = Math.max(...logits);
    const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit - most), 0));
    return logits.map((logit) => logit - most - sum);
  };
  const own = logShares(student);
  return logShares(teacher).reduce((sum, share, i) => sum + Math.exp(share) * (share - (own[i] ?? NaN)), 0);
}

/** Returns the cosines of the observed vectors, each computed once. Candidates are numbered as in the whole batch. */
function cosineOf(vectors: ObservedVectors): Cosine {
  const { anchors, positives, negatives, width, rows, batchRows, perAnchor } = vectors;
  const columns = batchRows + rows * perAnchor;
  const known = new Map<number, number>();
  return (row, candidate) => {
    const place = row * columns + candidate;
    const found =
      known.get(place) ??
      (candidate < batchRows
        ? dot(anchors, row, positives, candidate, width)
        : dot(anchors, row, negatives, candidate - batchRows, width));
    known.set(place, found);
    return found;
  };
}

function guideCosine({ anchors, candidates }: NonNullable<LossTargets['guide']>): Cosine {
  const [, width] = anchors.shape;
  return (row, candidate) => dot(anchors.values, row, candidates.values, candidate, width);
}

function dot(a: Float32Array, rowA: number, b: Float32Array, rowB: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += (a[rowA * width + i] ?? NaN) * (b[rowB * width + i] ?? NaN);
  return sum;
}
