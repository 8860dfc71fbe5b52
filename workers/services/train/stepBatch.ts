import { dataOfStage, type Stage } from '../../../src/domain/experiment';
import { RandomStream } from '../../../src/domain/random';
import { drawnRows } from '../../../src/domain/train/drawnRows';
import type { Pair } from '../../../src/domain/records';
import { KnownAnswers } from '../../../src/domain/train/knownAnswers';
import type { LossTargets, StepBatch } from '../../engine/losses/loss';
import { eitherMask, lossMaskBits, maskOfOthers } from '../../engine/losses/lossMask';
import type { TokenBatch } from '../../engine/model/tokenBatch';
import { fillMatrix } from '../../engine/retrieval/vectors';
import { pickTexts } from '../evaluate/encodeTexts';
import type { StageNegatives, TokenizedNegatives } from '../negatives/stageNegatives';
import type { PreparedData } from '../split/preparedData';
import type { StageGuide } from './stageGuide';
import type { StageTokens } from './runTokens';
import { scoresOfRows, type TeacherScores } from './teacherScores';

/** Data that a stage adds to the texts of its batches. */
export interface StageAdditions {
  /** Explicit negatives; null for none. */
  negatives?: TokenizedNegatives | null | undefined;
  /** If given, the loss leaves out the positives that also answer another question of the batch. */
  known?: KnownAnswers | undefined;
  /** If given, `random` draws `count` other anchors for each anchor; only their texts are its in-batch negatives. */
  draw?: { count: number; random: RandomStream } | undefined;
  /** The score of each row of the stage's data, if it is scored pairs. */
  scores?: Float32Array | undefined;
  /** If given, the loss recognizes false negatives by this guide's scores. */
  guide?: StageGuide | undefined;
  /** If given, the loss distils these scores of the stage's rows. */
  teacherScores?: TeacherScores | undefined;
}

/** Returns the scores of the rows that a stage trains on; undefined if they have none. */
export function scoresOfStage(
  stage: Pick<Stage, 'data'>,
  { scoredPairs }: Pick<PreparedData, 'scoredPairs'>,
): Float32Array | undefined {
  return dataOfStage(stage) === 'scoredPairs' ? Float32Array.from(scoredPairs, ({ score }) => score) : undefined;
}

/**
 * Returns the texts of a step from the rows of its batch. Explicit negatives may be candidates of all anchors. For an
 * anchor whose question they answer, they are left out.
 */
export function stepBatch(
  tokens: StageTokens,
  rows: readonly number[],
  { negatives, known, draw, scores, guide, teacherScores }: StageAdditions = {},
): StepBatch {
  const anchors = pickTexts(tokens.anchors, rows);
  const positives = pickTexts(tokens.positives, rows);
  const chosen = negatives ? negativesOf(rows, negatives) : [];
  const candidates = negatives ? joined(positives, pickTexts(negatives.tokens, chosen)) : positives;
  const leftOut = leftOutOf(rows, { negatives, known });
  const count = rows.length + chosen.length;
  const masks = [
    ...(leftOut ? [lossMaskBits(leftOut, count)] : []),
    ...(draw ? [maskOfOthers(drawnRows(rows.length, draw.count, draw.random, leftOut), count)] : []),
  ];
  const targets = {
    ...(masks.length > 0 && { leftOut: masks.reduce(eitherMask) }),
    ...(scores && { scores: Float32Array.from(rows, (row) => scores[row] ?? NaN) }),
    ...(guide && { guide: vectorsOfBatch(guide, rows, chosen) }),
    ...(teacherScores && { teacherScores: scoresOfRows(teacherScores, rows) }),
  };
  return { anchors, candidates, ...(Object.keys(targets).length > 0 ? { targets } : {}) };
}

/** Returns a frozen model's vectors of the texts in a batch, in batch order. */
function vectorsOfBatch(
  { anchors, positives, negatives }: StageGuide,
  rows: readonly number[],
  chosen: readonly number[],
): NonNullable<LossTargets['guide']> {
  const { width } = anchors;
  const own = { values: new Float32Array(rows.length * width), shape: [rows.length, width] as const };
  const count = rows.length + chosen.length;
  const candidates = { values: new Float32Array(count * width), shape: [count, width] as const };
  fillMatrix(anchors, rows, width, own.values);
  fillMatrix(positives, rows, width, candidates.values.subarray(0, rows.length * width));
  if (negatives) fillMatrix(negatives, chosen, width, candidates.values.subarray(rows.length * width));
  return { anchors: own, candidates };
}

/** Returns for each anchor of a batch the candidates that answer its question, or null if there are none. */
function leftOutOf(
  rows: readonly number[],
  { negatives, known }: { negatives?: StageNegatives | null | undefined; known?: KnownAnswers | undefined },
): number[][] | null {
  const answering = negatives ? answeringNegatives(rows, negatives) : null;
  const byNegatives = answering?.map((found) => found.map((n) => rows.length + n)) ?? null;
  return merged(known?.inBatch(rows) ?? null, byNegatives);
}

/** Returns, for each anchor of a batch, the positions of the anchors whose texts are its negatives; null if all are. */
export function drawnInBatch(
  rows: readonly number[],
  { draw, ...additions }: Pick<StageAdditions, 'known' | 'draw'> & { negatives?: StageNegatives | null | undefined },
): number[][] | null {
  return draw ? drawnRows(rows.length, draw.count, draw.random, leftOutOf(rows, additions)) : null;
}

/** Returns the known answers of the training pairs if the loss leaves them out. */
export function knownOf({ loss }: Pick<Stage, 'loss'>, pairs: readonly Pair[]): KnownAnswers | undefined {
  return loss.kind === 'inBatchInfoNce' && loss.falseNegatives?.known ? new KnownAnswers(pairs) : undefined;
}

/** Returns how a stage draws the in-batch negatives of one of its batches; undefined if it uses all of them. */
export function drawOf(
  { loss }: Pick<Stage, 'loss'>,
  { seed, stageIndex, batch }: { seed: number; stageIndex: number; batch: number },
): StageAdditions['draw'] {
  const count = loss.kind === 'inBatchInfoNce' ? loss.inBatchNegatives : undefined;
  return count === undefined
    ? undefined
    : { count, random: new RandomStream(seed, 'inBatchNegatives', stageIndex, batch) };
}

/** Returns the explicit negatives of a batch as indexes into their pool: `perAnchor` for each row, in row order. */
export function negativesOf(
  rows: readonly number[],
  { chosen, perAnchor }: Pick<TokenizedNegatives, 'chosen' | 'perAnchor'>,
): number[] {
  return rows.flatMap((row) => Array.from(chosen.subarray(row * perAnchor, (row + 1) * perAnchor)));
}

function joined(first: TokenBatch, second: TokenBatch): TokenBatch {
  const ids = new Int32Array(first.ids.length + second.ids.length);
  ids.set(first.ids);
  ids.set(second.ids, first.ids.length);
  const offsets = new Uint32Array(first.offsets.length + second.offsets.length - 1);
  offsets.set(first.offsets);
  second.offsets.forEach((offset, i) => (offsets[first.offsets.length - 1 + i] = first.ids.length + offset));
  return { ids, offsets };
}

/**
 * Returns for each anchor which explicit negatives of the batch answer its question, as positions among all of them in
 * row order; null if there are none.
 */
export function answeringNegatives(
  rows: readonly number[],
  { pool, answers, ...negatives }: Pick<StageNegatives, 'pool' | 'answers' | 'chosen' | 'perAnchor'>,
): number[][] | null {
  const leftOut: number[][] = rows.map(() => []);
  let any = false;
  negativesOf(rows, negatives).forEach((index, n) => {
    const text = pool[index] ?? '';
    if (!answers.answersAny(text)) return;
    rows.forEach((row, anchor) => {
      if (!answers.answers(row, text)) return;
      leftOut[anchor]?.push(n);
      any = true;
    });
  });
  return any ? leftOut : null;
}

function merged(a: number[][] | null, b: number[][] | null): number[][] | null {
  return a && b ? a.map((candidates, anchor) => [...candidates, ...(b[anchor] ?? [])]) : (a ?? b);
}
