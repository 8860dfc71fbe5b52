import { AppError } from '../errors';
import { own } from '../errorWords';
import type { Stage } from '../experiment';
import { RandomStream, permutation } from '../random';
import type { Pair } from '../records';
import { batchShortage } from './runRefusal';
import { countPairs } from './pairCounts';

type Duration = Stage['duration'];

export interface BatchPlanRequest {
  pairs: readonly Pair[];
  stage: Pick<Stage, 'batching' | 'duration'>;
  stageIndex: number;
  seed: number;
  /** Only for `listed` batching: for each step, a list of rows of the stored pairs. */
  listed?: readonly (readonly number[])[];
}

/**
 * Returns the number of steps of a stage. All batches are full: pairs left over from an epoch go into the first batch
 * of the next one.
 */
export function stepCount(pairs: number, batchSize: number, duration: Duration): number {
  if (duration.unit === 'steps') return duration.value;
  // 1e-9 absorbs rounding: 0.1 epochs of 320 pairs must be 2 batches of 16 even if 0.1 * 320 rounds below 32.
  return Math.max(1, Math.floor((duration.value * pairs) / batchSize + 1e-9));
}

/**
 * Plans all batches of a stage: for each step, a list of indexes into `pairs`. Seeded batches always have the full
 * batch size.
 * @throws too-few-pairs if a batch cannot be filled; experiment-invalid if a listed order does not fit the data.
 */
export function planBatches(request: BatchPlanRequest): number[][] {
  const { batching } = request.stage;
  if (batching.kind === 'listed') return listedBatches(request);
  const steps = stepCount(request.pairs.length, batching.batchSize, request.stage.duration);
  const shortage = batchShortage(batching, countPairs(request.pairs));
  if (shortage) throw new AppError(shortage);
  const epochs = new EpochStream(request.pairs.length, request.seed, request.stageIndex);
  if (!batching.avoidDuplicatePassages) return Array.from({ length: steps }, () => epochs.take(batching.batchSize));
  return distinctBatches(request.pairs, epochs, steps, batching.batchSize);
}

/** An endless stream of rows, shuffled again for every epoch. */
class EpochStream {
  #order: Uint32Array = new Uint32Array(0);
  #at = 0;
  #epoch = 0;

  constructor(
    private readonly count: number,
    private readonly seed: number,
    private readonly stage: number,
  ) {}

  next(): number {
    if (this.#at === this.#order.length) {
      this.#order = permutation(this.count, new RandomStream(this.seed, 'batchOrder', this.stage, this.#epoch));
      this.#epoch += 1;
      this.#at = 0;
    }
    return this.#order[this.#at++] ?? 0;
  }

  take(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }
}

/** Numbers texts from 0 in order of appearance; equal texts get the same number. */
function numbered(texts: Iterable<string>): Uint32Array {
  const known = new Map<string, number>();
  const numbers: number[] = [];
  for (const text of texts) {
    const number = known.get(text) ?? known.size;
    known.set(text, number);
    numbers.push(number);
  }
  return Uint32Array.from(numbers);
}

/**
 * Rows whose passage or anchor was already in the batch when they were drawn, queued by passage. A batch takes at most
 * one row per passage, so it is enough to look at the first row of each queue.
 */
class WaitingRows {
  readonly #byPassage = new Map<number, number[]>();
  readonly #waiting: Uint8Array;

  constructor(
    rows: number,
    private readonly passageOf: Uint32Array,
  ) {
    this.#waiting = new Uint8Array(rows);
  }

  /** Queues a row unless it is already waiting; otherwise a passage shared by most pairs would fill the memory. */
  add(row: number): void {
    if (this.#waiting[row] === 1) return;
    this.#waiting[row] = 1;
    const passage = this.passageOf[row] ?? 0;
    const queue = this.#byPassage.get(passage);
    if (queue) queue.push(row);
    else this.#byPassage.set(passage, [row]);
  }

  /** Offers the longest-waiting row of each passage, up to `limit` rows, and removes the accepted ones. */
  offer(limit: number, accept: (row: number) => boolean): void {
    const candidates = [...firstOf(this.#byPassage, limit)];
    for (const [passage, queue] of candidates) {
      const row = queue[0];
      if (row === undefined || !accept(row)) continue;
      this.#waiting[row] = 0;
      queue.shift();
      if (queue.length === 0) this.#byPassage.delete(passage);
    }
  }
}

function* firstOf<T>(items: Iterable<T>, limit: number): Generator<T> {
  let given = 0;
  for (const item of items) {
    if (given++ === limit) return;
    yield item;
  }
}

/** Plans batches without duplicate passages or anchors, which would turn a right answer into a negative. */
function distinctBatches(pairs: readonly Pair[], epochs: EpochStream, steps: number, batchSize: number): number[][] {
  const passages = numbered(pairs.map((pair) => pair.positive));
  const anchors = numbered(pairs.map((pair) => pair.anchor));
  const waiting = new WaitingRows(pairs.length, passages);
  return Array.from({ length: steps }, () => {
    const batch: number[] = [];
    const seenPassages = new Set<number>();
    const seenAnchors = new Set<number>();
    const accept = (row: number): boolean => {
      const passage = passages[row] ?? 0;
      const anchor = anchors[row] ?? 0;
      if (batch.length === batchSize || seenPassages.has(passage) || seenAnchors.has(anchor)) return false;
      seenPassages.add(passage);
      seenAnchors.add(anchor);
      batch.push(row);
      return true;
    };
    // Most waiting rows fit the new batch. The limit keeps planning linear when one question has thousands of passages.
    waiting.offer(4 * batchSize, accept);
    fill(batch, batchSize, pairs.length, epochs, waiting, accept);
    return batch;
  });
}

function fill(
  batch: number[],
  batchSize: number,
  rows: number,
  epochs: EpochStream,
  waiting: WaitingRows,
  accept: (row: number) => boolean,
): void {
  // Two epochs of draws cover every row from any starting point. A batch that is still not full never will be.
  for (let drawn = 0; batch.length < batchSize; drawn++) {
    if (drawn > 2 * rows)
      throw new AppError({ kind: 'too-few-pairs', pairs: batch.length, batchSize, distinct: 'together' });
    const row = epochs.next();
    if (!accept(row)) waiting.add(row);
  }
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
