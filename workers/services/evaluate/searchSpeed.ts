import { searchLimitBytes, type SkippedSearch } from '../../../src/domain/evaluate/speed';
import { normaliseAt } from '../../../src/domain/evaluate/vectorForm';
import { RandomStream } from '../../../src/domain/random';
import type { Engine } from '../../engine/engine';
import { uploadRingBytes } from '../../engine/gpu/uploadRing';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import { upToQuad } from '../../engine/quads';
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
export function searchNeeds(
  engine: Engine,
  width: number,
  passages: number,
): { inMemory: number; inPieces: number; uploads: number } {
  const blocks = searchBlocks(width, { queries: 1, passages });
  const uploads = webGpuOf(engine)
    ? uploadRingBytes(4 * blocks.passages * upToQuad(width), Math.ceil(passages / blocks.passages))
    : 0;
  const arrays = searchBytes(width, { questions: 1, relevant: 0, passages }) + uploads;
  return { inMemory: 4 * passages * width + arrays, inPieces: 4 * blocks.passages * width + arrays, uploads };
}

/** Returns the widths that are searched in turn: all together if their vectors fit the limit, else each alone. */
export function searchTurns(
  engine: Engine,
  widths: readonly number[],
  passages: number,
  limitBytes = searchLimitBytes,
): number[][] {
  const bytes = widths.reduce((sum, width) => {
    const { inMemory, inPieces } = searchNeeds(engine, width, passages);
    return sum + (inMemory > limitBytes ? inPieces : inMemory);
  }, 0);
  return bytes > limitBytes ? widths.map((width) => [width]) : [[...widths]];
}

/** Least time between two reports of a search. A wait after every block would leave a GPU without work. */
const reportEveryMs = 100;

/**
 * Searches synthetic vectors for one question, again and again. Vectors that would need more than the limit come in
 * pieces, which are all the same one: what making another takes is not part of a search.
 */
export class SearchTimer {
  readonly #vectors: Vectors;
  readonly #pieces: ReturnType<typeof vectorsInPieces> | null = null;
  readonly #times: number[] = [];
  /** The engine of the last search, which has compiled the kernels. */
  #warm: Engine | null = null;
  #arrayBytes = 0;
  #reads = 0;

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
    let made = false;
    // The first piece is the largest, and its buffer is kept.
    this.#vectors = this.#pieces = vectorsInPieces(passages, width, (first, count, into) => {
      if (!made) synthetic.copyRows?.(first, count, into, 0);
      made = true;
      this.#reads += 1;
      return Promise.resolve();
    });
  }

  /** Returns a timer, or what the search would need if that is more than the limit even in pieces. */
  static open(
    engine: Engine,
    width: number,
    passages: number,
    limitBytes = searchLimitBytes,
  ): SearchTimer | SkippedSearch {
    const { inMemory, inPieces } = searchNeeds(engine, width, passages);
    if (inPieces > limitBytes) return { dimension: width, passages, neededBytes: inPieces, limitBytes };
    return new SearchTimer(width, passages, inMemory > limitBytes);
  }

  /**
   * Searches once. The first search on an engine compiles the kernels and is not counted. `between` is called after
   * blocks, ten times a second at most, and may throw. The time includes these calls, because a GPU works on meanwhile.
   * GPU→CPU sync.
   */
  async round(engine: Engine, between: (done: number) => Promise<void>): Promise<void> {
    const question = new Float32Array(this.width);
    syntheticVectors(this.#times.length + 1, this.width).copyRow(this.#times.length, question, 0);
    releaseIdleMemory(engine);
    engine.pool.resetPeak();
    const before = engine.pool.totalBytes;
    this.#reads = 0;
    const begun = performance.now();
    let reported = begun;
    const input = {
      queries: vectorsInOnePiece(question, this.width),
      passages: this.#vectors,
      targets: [[]],
      k: wanted,
    };
    await search(engine, input, async (done) => {
      if (performance.now() - reported < reportEveryMs) return;
      await between(done);
      reported = performance.now();
    });
    if (this.#warm === engine) this.#times.push(performance.now() - begun);
    this.#warm = engine;
    const { uploads } = searchNeeds(engine, this.width, this.passages);
    this.#arrayBytes = Math.max(this.#arrayBytes, engine.pool.peakBytes - before + uploads);
  }

  get times(): readonly number[] {
    return this.#times;
  }

  /** Bytes held at most: the vectors or the piece in memory, and the arrays and staging buffers of the device. */
  get bytes(): number {
    return this.#arrayBytes + (this.#pieces?.bufferBytes ?? 4 * this.passages * this.width);
  }

  get pieces(): number {
    return this.#pieces ? this.#reads : 1;
  }
}
