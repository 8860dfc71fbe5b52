import { AppError } from '../errors';
import { own } from '../errorWords';
import type { Stage } from '../experiment';
import { RandomStream, permutation } from '../random';
import { batchShortage } from './runRefusal';
import { scoreFault } from './scoreFault';
import { keepsTextsApart } from './stageData';
import type { TrainRow } from './trainRows';
import { distinctRows, epochEnd } from './distinctRows';
import { countPairs } from './pairCounts';
import { pairsPerStep } from './batchingSchema';
import { fullBatches } from './stepCount';

type Duration = Stage['duration'];

export interface BatchPlanRequest {
  /** The rows of the stage's data. */
  pairs: readonly TrainRow[];
  stage: Pick<Stage, 'batching' | 'duration' | 'data'> & { loss?: Stage['loss'] };
  stageIndex: number;
  seed: number;
  /** Only for `listed` batching: for each step, a list of rows of the stored pairs. */
  listed?: readonly (readonly number[])[];
}

/** All batches of a stage. */
export interface BatchPlan {
  /**
   * For each step, a list of indexes into the pairs. A step that accumulates gradients lists its batches one after
   * another; see `batchesOfStep`.
   */
  batches: number[][];
  /**
   * For each epoch that the steps touch, the number of rows that are left out of it because they fit none of its
   * batches. If the steps end within an epoch, its count is still that of the whole epoch. Empty for listed batches.
   */
  leftOut: number[];
}

/**
 * Plans all batches of a stage. Seeded batches always have the full batch size.
 * @throws too-few-pairs if a batch cannot be filled, scores-unusable if scored pairs cannot be compared, or
 * experiment-invalid if a listed order does not fit the data.
 */
export function planBatches(request: BatchPlanRequest): BatchPlan {
  const { pairs, seed, stageIndex } = request;
  const { batching, duration } = request.stage;
  if (batching.kind === 'listed') return { batches: listedBatches(request), leftOut: [] };
  const shortage =
    batchShortage(request.stage, stageIndex, countPairs(pairs)) ?? scoreFault(request.stage, stageIndex, pairs);
  if (shortage) throw new AppError(shortage);
  const { batchSize } = batching;
  const orderOf = (epoch: number): Uint32Array =>
    permutation(pairs.length, new RandomStream(seed, 'batchOrder', stageIndex, epoch));
  const rows = keepsTextsApart(request.stage) ? distinctRows(pairs, batchSize, orderOf) : shuffledRows(orderOf);
  return cutBatches(rows, pairs.length, pairsPerStep(batching), duration);
}

/** Yields every row once per epoch, and `epochEnd` after each epoch. */
function* shuffledRows(orderOf: (epoch: number) => Uint32Array): Generator<number> {
  for (let epoch = 0; ; epoch++) {
    yield* orderOf(epoch);
    yield epochEnd;
  }
}

/** Cuts a stream of rows into the steps of a stage. Reads on to the end of the last epoch that it needs. */
function cutBatches(stream: Iterable<number>, pairs: number, perStep: number, duration: Duration): BatchPlan {
  const rows: number[] = [];
  const leftOut: number[] = [];
  let epochBegin = 0;
  for (const row of stream) {
    if (row !== epochEnd) {
      rows.push(row);
      continue;
    }
    leftOut.push(pairs - (rows.length - epochBegin));
    epochBegin = rows.length;
    const steps = stepsOf(duration, pairs, perStep, leftOut);
    if (steps !== null && rows.length >= steps * perStep)
      return {
        batches: Array.from({ length: steps }, (_, i) => rows.slice(i * perStep, (i + 1) * perStep)),
        leftOut,
      };
  }
  throw new RangeError('the stream of rows has ended');
}

/** Returns the steps of a stage, or null if `leftOut` does not cover enough epochs to tell. */
function stepsOf(duration: Duration, pairs: number, perStep: number, leftOut: readonly number[]): number | null {
  const { unit, value } = duration;
  if (unit === 'steps') return value;
  if (leftOut.length < Math.ceil(value)) return null;
  const missing = leftOut.reduce((sum, rows, epoch) => sum + rows * Math.min(1, Math.max(0, value - epoch)), 0);
  return fullBatches(value * pairs - missing, perStep);
}

/** Returns the number of epochs, as a fraction, that the first `rows` rows of a stage with `pairs` pairs make up. */
export function epochsOf(rows: number, pairs: number, leftOut: readonly number[]): number {
  let epochs = 0;
  let left = rows;
  for (const missing of leftOut) {
    if (left <= pairs - missing) return epochs + left / (pairs - missing);
    left -= pairs - missing;
    epochs += 1;
  }
  return epochs + left / Math.max(1, pairs);
}

function listedBatches({ listed, pairs, stage, stageIndex }: BatchPlanRequest): number[][] {
  const path = `stages.${stageIndex}`;
  if (!listed || listed.length === 0)
    throw new AppError({ kind: 'experiment-invalid', path: `${path}.batching`, found: own('no-batch-list') });
  const steps =
    stage.duration.unit === 'steps'
      ? stage.duration.value
      : Math.max(1, Math.round(stage.duration.value * listed.length));
  if (stage.duration.unit === 'steps' && steps > listed.length)
    throw new AppError({
      kind: 'experiment-invalid',
      path: `${path}.duration`,
      found: String(steps),
      expected: own('at-most', listed.length),
    });
  const batches = Array.from({ length: steps }, (_, step) => [...(listed[step % listed.length] ?? [])]);
  const unknown = batches.flat().find((row) => !pairs[row]);
  if (unknown !== undefined)
    throw new AppError({
      kind: 'experiment-invalid',
      path: `${path}.batching`,
      found: own('row', unknown),
      expected: own('row-from-to', 0, pairs.length - 1),
    });
  return batches;
}
