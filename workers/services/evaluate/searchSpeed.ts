import { searchLimitBytes, type SkippedSearch } from '../../../src/domain/evaluate/speed';
import { normaliseAt } from '../../../src/domain/evaluate/vectorForm';
import { RandomStream } from '../../../src/domain/random';
import type { Engine } from '../../engine/engine';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { search } from '../../engine/retrieval/search';
import { searchBlocks } from '../../engine/retrieval/searchBlocks';
import { searchBytes } from '../../engine/retrieval/searchMemory';
import { vectorsInOnePiece, vectorsInPieces, type Vectors } from '../../engine/retrieval/vectors';

/** Vectors that are drawn. All others are these, turned by some dimensions: drawing a million takes too long. */
const drawnRows = 2048;
/** Passages that the search returns, as the playground does. */
const wanted = 5;

/**
 * Returns vectors of length 1 that no model has computed: the time of an exact search does not depend on their values.
 * They are made when they are read. The same arguments give the same vectors.
 */
export function syntheticVectors(count: number, width: number): Vectors {
  const random = new RandomStream(0, 'syntheticVectors', width);
  const rows = Math.min(count, drawnRows);
  const drawn = Float32Array.from({ length: rows * width }, () => random.unit() - 0.5);
  for (let row = 0; row < rows; row++) normaliseAt(drawn, row * width, width);
  const copyRow = (row: number, into: Float32Array, at: number): void => {
    const from = (row % drawnRows) * width;
    const turn = (Math.floor(row / drawnRows) * 7) % width;
    into.set(drawn.subarray(from + turn, from + width), at);
    into.set(drawn.subarray(from, from + turn), at + width - turn);
  };
  const copyRows = (first: number, some: number, into: Float32Array, at: number): void => {
    for (let i = 0; i < some; i++) copyRow(first + i, into, at + i * width);
  };
  return { count, width, copyRow, copyRows };
}

/** Returns the bytes that a search for one question over vectors in memory needs, and in pieces. */
export function searchNeeds(width: number, passages: number): { inMemory: number; inPieces: number } {
  const arrays = searchBytes(width, { questions: 1, relevant: 0, passages });
  const blocks = searchBlocks(width, { queries: 1, passages });
  return { inMemory: 4 * passages * width + arrays, inPieces: 4 * blocks.passages * width + arrays };
}

/**
 * Searches synthetic vectors for one question, again and again. Vectors that would need more than the limit are read in
 * pieces; the time to make a piece does not count.
 */
export class SearchTimer {
  readonly #vectors: Vectors;
  readonly #pieces: ReturnType<typeof vectorsInPieces> | null = null;
  readonly #times: number[] = [];
  #madeMs = 0;
  #reads = 0;
  #arrayBytes = 0;

  private constructor(
    private readonly width: number,
    readonly passages: number,
    inPieces: boolean,
  ) {
    const synthetic = syntheticVectors(passages, width);
    if (!inPieces) {
      const values = new Float32Array(passages * width);
      synthetic.copyRows?.(0, passages, values, 0);
      this.#vectors = vectorsInOnePiece(values, width);
      return;
    }
    this.#vectors = this.#pieces = vectorsInPieces(passages, width, (first, count, into) => {
      const begun = performance.now();
      synthetic.copyRows?.(first, count, into, 0);
      this.#madeMs += performance.now() - begun;
      this.#reads += 1;
      return Promise.resolve();
    });
  }

  /** Returns a timer, or what the search would need if that is more than the limit even in pieces. */
  static open(width: number, passages: number, limitBytes = searchLimitBytes): SearchTimer | SkippedSearch {
    const { inMemory, inPieces } = searchNeeds(width, passages);
    if (inPieces > limitBytes) return { dimension: width, passages, neededBytes: inPieces, limitBytes };
    return new SearchTimer(width, passages, inMemory > limitBytes);
  }

  /** Searches once. `between` is called after each block and may throw. GPU→CPU sync. */
  async round(engine: Engine, between: (done: number) => Promise<void>): Promise<void> {
    const question = new Float32Array(this.width);
    syntheticVectors(this.#times.length + 1, this.width).copyRow(this.#times.length, question, 0);
    releaseIdleMemory(engine);
    engine.pool.resetPeak();
    const before = engine.pool.totalBytes;
    let waitedMs = 0;
    [this.#madeMs, this.#reads] = [0, 0];
    const begun = performance.now();
    const input = {
      queries: vectorsInOnePiece(question, this.width),
      passages: this.#vectors,
      targets: [[]],
      k: wanted,
    };
    await search(engine, input, async (done) => {
      const waiting = performance.now();
      await between(done);
      waitedMs += performance.now() - waiting;
    });
    this.#times.push(performance.now() - begun - this.#madeMs - waitedMs);
    this.#arrayBytes = Math.max(this.#arrayBytes, engine.pool.peakBytes - before);
  }

  get times(): readonly number[] {
    return this.#times;
  }

  /** Bytes held at most: the vectors or the piece in memory, and the arrays on the device. */
  get bytes(): number {
    return this.#arrayBytes + (this.#pieces?.bufferBytes ?? 4 * this.passages * this.width);
  }

  get pieces(): number {
    return this.#pieces ? this.#reads : 1;
  }
}
