import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { matmul } from '../ops/matmul/matmul';
import { uploadPassageBlock, type PassageBlockScratch } from './passageBlock';
import { addRankCounts, prepareRankCounts } from './rankCounts';
import { scoreOfKey } from './scoreKeys';
import type { SearchInput } from './searchInput';
import type { QueryResult } from './queryResult';
import { keepTopK } from './topK';
import { fillMatrix, type RowRange } from './vectors';
import { range } from './range';

/** A group of queries with their best passages so far, and the number of passages that rank above each target. */
export class QueryGroup {
  readonly #queries: DeviceArray; // [Q, E]
  /** [Q, k, 2], key and row: the best passages so far, and the buffer for the next merge. `take` swaps the two. */
  #kept: DeviceArray;
  #next: DeviceArray;
  #targets: TargetArrays | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly input: SearchInput,
    private readonly scratch: PassageBlockScratch,
    private readonly rows: RowRange,
  ) {
    const { commands, pool } = engine;
    const { stride } = scratch;
    const values = new Float32Array(rows.count * stride);
    fillMatrix(input.queries, rows, stride, values);
    this.#queries = commands.upload(values, [rows.count, stride]);
    const shape = [rows.count, Math.max(1, Math.min(input.k, input.passages.count)), 2];
    this.#kept = pool.allocate(shape);
    this.#next = pool.allocate(shape);
    commands.clear(this.#kept);
  }

  /**
   * Scores a block of passages [N, E] and updates the best passages and the counts. The commands are submitted with the
   * upload of the next block, because a submit costs more than they do.
   */
  take(passages: DeviceArray, count: number, first: number): void {
    const block = { scores: this.#score(passages), count, first };
    keepTopK(this.engine, block, this.#kept, this.#next);
    [this.#kept, this.#next] = [this.#next, this.#kept];
    if (this.#targets) addRankCounts(this.engine, block, this.#targets);
  }

  /** Returns the best passages of each query, and the ranks and scores of its targets. GPU→CPU sync. */
  async read(): Promise<QueryResult[]> {
    const read = async (array: DeviceArray): Promise<Uint32Array> =>
      unsignedIntegers(await this.engine.commands.read(array));
    const arrays = [this.#kept, ...(this.#targets ? [this.#targets.counts, this.#targets.keys] : [])];
    const [kept = new Uint32Array(), counts, keys] = await Promise.all(arrays.map(read));
    const at = (i: number): readonly number[] => this.#targets?.at[i] ?? [];
    const [, k = 0] = this.#kept.shape;
    const asked = Math.min(this.input.k, this.input.passages.count);
    return range(this.rows.first, this.rows.count).map((query, i) => ({
      top: range(i * k, asked).map((place) => ({
        passage: kept[2 * place + 1] ?? 0,
        score: scoreOfKey(kept[2 * place] ?? 0),
      })),
      ranks: (this.input.targets[query] ?? []).map((_, t) => 1 + (counts?.[at(i)[t] ?? 0] ?? 0)),
      scores: (this.input.targets[query] ?? []).map((_, t) => scoreOfKey(keys?.[at(i)[t] ?? 0] ?? 0)),
    }));
  }

  dispose(): void {
    const targets = this.#targets ? [this.#targets.targets, this.#targets.keys, this.#targets.counts] : [];
    for (const array of [this.#queries, this.#kept, this.#next, ...targets]) this.engine.pool.free(array);
  }

  /** Returns the scores [Q, N] of a block of passages, which are valid until the next call. */
  #score(passages: DeviceArray): DeviceArray {
    const scores = { ...this.scratch.scores, shape: [this.rows.count, passages.shape[0] ?? 0] };
    // The chunk is the same for all block sizes, because ranks must not depend on the block size.
    matmul(this.engine, 'NT', this.#queries, passages, scores, { chunk: this.scratch.stride });
    return scores;
  }

  /** Scores the targets, block by block. Must run before `take`, which counts the passages that rank above them. */
  async scoreTargets(): Promise<void> {
    const { engine, input, scratch, rows } = this;
    const { info, passages, at } = planTargets(
      range(rows.first, rows.count).map((row) => input.targets[row] ?? []),
      scratch.blocks.passages,
    );
    const count = info.length / 4;
    if (count === 0) return;
    const targets = engine.commands.upload(info, [count, 4]);
    const keys = engine.pool.allocate([count]);
    const counts = engine.pool.allocate([count]);
    this.#targets = { targets, keys, counts, at };
    engine.commands.clear(counts);
    for (const { passages: some, first, targets: length } of passages) {
      const block = await uploadPassageBlock(engine, input.passages, scratch, some);
      prepareRankCounts(engine, this.#score(block), targets, keys, [first, length]);
    }
  }
}

interface TargetArrays {
  targets: DeviceArray; // [P, 4], P pairs of a query and a target
  keys: DeviceArray; // [P]
  counts: DeviceArray; // [P]
  /** Index of each query's targets in the arrays above, in the order in which the query lists them. */
  at: readonly (readonly number[])[];
}

interface TargetPlan {
  /** [P, 4]: query, passage, column in its block, 0. Sorted by passage. */
  info: Uint32Array<ArrayBuffer>;
  /** Blocks of passages to score, each with its range of targets. */
  passages: { passages: number[]; first: number; targets: number }[];
  at: number[][];
}

function planTargets(targets: readonly (readonly number[])[], perBlock: number): TargetPlan {
  const pairs = targets.flatMap((own, query) => own.map((passage, t) => ({ query, passage, t })));
  pairs.sort((a, b) => a.passage - b.passage);
  const info = new Uint32Array(4 * pairs.length);
  const at = targets.map((own) => own.map(() => 0));
  const passages: TargetPlan['passages'] = [];
  pairs.forEach(({ query, passage, t }, i) => {
    let block = passages.at(-1);
    const known = block?.passages.at(-1) === passage;
    if (!block || (!known && block.passages.length === perBlock))
      passages.push((block = { passages: [], first: i, targets: 0 }));
    if (!known) block.passages.push(passage);
    block.targets += 1;
    info.set([query, passage, block.passages.length - 1], 4 * i);
    const own = at[query];
    if (own) own[t] = i;
  });
  return { info, passages, at };
}

/** Returns the bits of a readback as unsigned integers. */
function unsignedIntegers({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
