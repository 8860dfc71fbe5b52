import { AppError } from '../errors';
import type { TrainRow } from './trainRows';
import { numbered } from './numbered';

/** Marks the end of an epoch in a stream of rows. */
export const epochEnd = -1;

/** The passages and anchors of the batch being filled. */
class DistinctBatch {
  readonly #passages = new Set<number>();
  readonly #anchors = new Set<number>();

  constructor(
    private readonly size: number,
    private readonly passageOf: Uint32Array,
    private readonly anchorOf: Uint32Array,
  ) {}

  get rows(): number {
    return this.#passages.size;
  }

  get full(): boolean {
    return this.#passages.size === this.size;
  }

  clear(): void {
    this.#passages.clear();
    this.#anchors.clear();
  }

  /** Adds a row, unless the batch is full or already has its passage or anchor. Returns whether it was added. */
  accept(row: number): boolean {
    const passage = this.passageOf[row] ?? 0;
    const anchor = this.anchorOf[row] ?? 0;
    if (this.full || this.#passages.has(passage) || this.#anchors.has(anchor)) return false;
    this.#passages.add(passage);
    this.#anchors.add(anchor);
    return true;
  }
}

/**
 * Rows of the current epoch whose passage or anchor was already in the batch when they were drawn, queued by passage in
 * the order in which the passages began to wait. A batch takes at most one row per passage.
 */
class WaitingRows {
  readonly #byPassage = new Map<number, { rows: number[]; first: number }>();

  constructor(private readonly passageOf: Uint32Array) {}

  add(row: number): void {
    const passage = this.passageOf[row] ?? 0;
    const queue = this.#byPassage.get(passage);
    if (queue) queue.rows.push(row);
    else this.#byPassage.set(passage, { rows: [row], first: 0 });
  }

  clear(): void {
    this.#byPassage.clear();
  }

  /** Moves the longest-waiting row of each of the first `limit` passages to the batch, if it fits. */
  takeFirst(limit: number, batch: DistinctBatch): number[] {
    return this.#take(limit, batch, 1);
  }

  /** Moves rows of any passage to the batch until no waiting row fits. */
  takeAny(batch: DistinctBatch): number[] {
    return this.#take(Infinity, batch, Infinity);
  }

  #take(passages: number, batch: DistinctBatch, rowsEach: number): number[] {
    const taken: number[] = [];
    let offered = 0;
    for (const [passage, queue] of this.#byPassage) {
      if (batch.full || offered++ === passages) break;
      const end = Math.min(queue.rows.length, queue.first + rowsEach);
      for (let at = queue.first; at < end; at++) {
        const row = queue.rows[at] ?? 0;
        if (!batch.accept(row)) continue;
        taken.push(row);
        if (at === queue.first) queue.first += 1;
        else queue.rows.splice(at, 1);
        break;
      }
      if (queue.first === queue.rows.length) this.#byPassage.delete(passage);
    }
    return taken;
  }
}

/**
 * Yields rows in such an order that no batch of `batchSize` has a passage or an anchor twice, because that would turn a
 * right answer into a negative. `orderOf` returns the permutation of an epoch. A row that does not fit waits for a
 * later batch of its epoch. Rows that fit no batch before their epoch is used up are left out of it: each row is
 * yielded at most once per epoch, as by NoDuplicatesBatchSampler of sentence-transformers. Unlike that sampler, an
 * unfilled batch is then completed with rows of the next epoch. After the rows of each epoch, yields `epochEnd`.
 * @throws too-few-pairs if a batch cannot be filled.
 */
export function* distinctRows(
  pairs: readonly TrainRow[],
  batchSize: number,
  orderOf: (epoch: number) => Uint32Array,
): Generator<number> {
  const passageOf = numbered(pairs.map((pair) => pair.positive));
  const anchorOf = numbered(pairs.map((pair) => pair.anchor));
  const batch = new DistinctBatch(batchSize, passageOf, anchorOf);
  const waiting = new WaitingRows(passageOf);
  let endsInBatch = 0;
  for (let epoch = 0; ; epoch++) {
    const order = orderOf(epoch);
    for (let drawn = 0; ;) {
      if (batch.full) {
        batch.clear();
        endsInBatch = 0;
        // Most waiting rows fit a new batch. The limit keeps planning linear if one question has thousands of passages.
        yield* waiting.takeFirst(4 * batchSize, batch);
      } else if (drawn < order.length) {
        const row = order[drawn++] ?? 0;
        if (batch.accept(row)) yield row;
        else waiting.add(row);
      } else {
        yield* waiting.takeAny(batch);
        if (!batch.full) break;
      }
    }
    waiting.clear();
    yield epochEnd;
    // A batch that was offered a whole epoch and is still not full never will be.
    if (++endsInBatch === 2)
      throw new AppError({ kind: 'too-few-pairs', pairs: batch.rows, batchSize, distinct: 'together' });
  }
}
