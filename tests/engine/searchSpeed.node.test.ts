import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { searchLimitBytes } from '../../src/domain/evaluate/speed';
import type { Engine } from '../../workers/engine/engine';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { openWasmEngine } from '../../workers/engine/wasm/openWasmEngine';
import { search } from '../../workers/engine/retrieval/search';
import { vectorsInOnePiece, vectorsInPieces } from '../../workers/engine/retrieval/vectors';
import { searchNeeds, SearchTimer, searchTurns, syntheticVectors } from '../../workers/services/evaluate/searchSpeed';
import { wasmBase } from './environment';

let engine: Engine;
let other: Engine;
beforeAll(async () => void ([engine, other] = [await openWasmEngine(wasmBase, 1), await openWasmEngine(wasmBase, 1)]));
afterAll(() => expect(engine.pool.liveArrays).toBe(0));

afterEach(() => void vi.restoreAllMocks());

const nothing = (): Promise<void> => Promise.resolve();

/** Makes the clock go on by `ms` whenever it is read, and returns a function that lets it go on further. */
function clockOf(ms: number): (more: number) => void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += ms));
  return (more) => void (now += more);
}

describe('a search of vectors in pieces', () => {
  it('finds the same among 1,000,000 × 384 as a loop over all of them, within 600 MB in total', async () => {
    const [passages, width, k] = [1_000_000, 384, 5];
    const synthetic = syntheticVectors(passages, width);
    const pieces = vectorsInPieces(passages, width, (first, count, into) => {
      synthetic.copyRows?.(first, count, into, 0);
      return Promise.resolve();
    });
    const question = new Float32Array(width);
    // A mixture of two vectors, so that scores differ and equal ones are ordered by row.
    for (const row of [5, 700_001]) {
      const part = new Float32Array(width);
      synthetic.copyRow(row, part, 0);
      part.forEach((value, i) => (question[i] = (question[i] ?? 0) + value / 2));
    }
    engine.pool.resetPeak();
    const queries = vectorsInOnePiece(question, width);
    const [found] = await search(engine, { queries, passages: pieces, targets: [[]], k });
    const bytes = engine.pool.peakBytes + pieces.bufferBytes;
    console.log(`1,000,000 × 384 in pieces: ${bytes} bytes`);
    expect(bytes).toBeLessThan(searchLimitBytes);
    expect(searchNeeds(engine, width, passages).inPieces).toBeGreaterThanOrEqual(bytes);
    expect(searchNeeds(engine, width, passages).inMemory).toBeGreaterThan(searchLimitBytes);

    const row = new Float32Array(width);
    const best: { passage: number; score: number }[] = [];
    for (let passage = 0; passage < passages; passage++) {
      synthetic.copyRow(passage, row, 0);
      let score = 0;
      for (let i = 0; i < width; i++) score += (row[i] ?? 0) * (question[i] ?? 0);
      const last = best[k - 1];
      if (last && score <= last.score) continue;
      best.push({ passage, score });
      best.sort((a, b) => b.score - a.score || a.passage - b.passage);
      best.length = Math.min(k, best.length);
    }
    expect(found?.top.map(({ passage }) => passage)).toEqual(best.map(({ passage }) => passage));
    found?.top.forEach(({ score }, i) => expect(score).toBeCloseTo(best[i]?.score ?? NaN, 5));
  });

  it('refuses rows that are not loaded', async () => {
    const pieces = vectorsInPieces(10, 1, (_first, _count, into) => Promise.resolve(void into.fill(1)));
    const into = new Float32Array(4);
    await pieces.load(2, 3);
    pieces.copyRows(2, 3, into, 0);
    expect([...into]).toEqual([1, 1, 1, 0]);
    for (const row of [1, 5]) expect(() => pieces.copyRow(row, into, 0)).toThrow(`rows from ${row} on are not loaded`);
  });
});

describe('the timer of searches', () => {
  it('keeps vectors in memory if that is within the limit, and reads them in pieces if not', async () => {
    const needs = searchNeeds(engine, 8, 20_000);
    const small = SearchTimer.open(engine, 8, 20_000);
    const large = SearchTimer.open(engine, 8, 20_000, needs.inMemory - 1);
    for (const [timer, pieces, bytes] of [
      [small, 1, needs.inMemory],
      [large, 2, needs.inPieces],
    ] as const) {
      if (!(timer instanceof SearchTimer)) throw new Error('skipped');
      for (let round = 0; round < 3; round++) await timer.round(engine, nothing);
      expect([timer.times.length, timer.pieces]).toEqual([2, pieces]);
      expect(timer.times.every((ms) => ms > 0)).toBe(true);
      expect(timer.bytes).toBeLessThanOrEqual(bytes);
      // The estimate also counts lists of 20 passages, and 256 bytes for each array.
      expect(timer.bytes).toBeGreaterThan(bytes - 4096);
    }
  });

  it('counts the time of reports, in which a GPU works on, and reports no oftener than every 100 ms', async () => {
    const timer = SearchTimer.open(engine, 8, 100_000);
    if (!(timer instanceof SearchTimer)) throw new Error('skipped');
    await timer.round(engine, nothing);
    const goOn = clockOf(60);
    const reported: number[] = [];
    await timer.round(engine, (done) => Promise.resolve(goOn(1000)).then(() => void reported.push(done)));
    // Seven blocks of 16,384: the clock is read before the first, after each, after each report and at the end.
    expect(reported).toEqual([32_768, 65_536, 98_304]);
    expect(timer.times).toEqual([60 * (7 + 3 + 1) + 3 * 1000]);
  });

  it('makes one piece of vectors for all loads', async () => {
    const timer = SearchTimer.open(engine, 8, 50_000, searchNeeds(engine, 8, 50_000).inPieces);
    if (!(timer instanceof SearchTimer)) throw new Error('skipped');
    const copied = vi.spyOn(Float32Array.prototype, 'set');
    const callsOf = async (): Promise<number> => {
      copied.mockClear();
      await timer.round(engine, nothing);
      return copied.mock.calls.length;
    };
    const first = await callsOf();
    expect(timer.pieces).toBe(4);
    // Drawing a piece copies each of its 16,384 rows in two parts.
    expect(first - (await callsOf())).toBe(2 * 16_384);
  });

  it('warms up again on another engine', async () => {
    const timer = SearchTimer.open(engine, 8, 300);
    if (!(timer instanceof SearchTimer)) throw new Error('skipped');
    for (let round = 0; round < 2; round++) await timer.round(engine, nothing);
    await timer.round(other, nothing);
    expect(timer.times).toHaveLength(1);
    await timer.round(other, nothing);
    expect(timer.times).toHaveLength(2);
  });

  it('counts the staging buffers of a GPU: three blocks at most', () => {
    const gpu = Object.create(WebGpuEngine.prototype) as WebGpuEngine;
    const blockBytes = 4 * 16_384 * 8;
    for (const [passages, blocks] of [
      [20_000, 2],
      [1_000_000, 3],
    ] as const) {
      const { inMemory, inPieces } = searchNeeds(engine, 8, passages);
      const more = blocks * blockBytes;
      expect(searchNeeds(gpu, 8, passages)).toMatchObject({ inMemory: inMemory + more, inPieces: inPieces + more });
    }
  });

  it('searches widths in turn only if their vectors fit the limit together', () => {
    const needs = (width: number): number => searchNeeds(engine, width, 500).inMemory;
    const both = needs(8) + needs(16);
    expect(searchTurns(engine, [8, 16], 500, both)).toEqual([[8, 16]]);
    expect(searchTurns(engine, [8, 16], 500, both - 1)).toEqual([[8], [16]]);
    expect(searchTurns(engine, [], 500)).toEqual([[]]);
  });

  it('refuses a search that exceeds the limit even in pieces, with what it would need', () => {
    const needed = searchNeeds(engine, 8, 300).inPieces;
    expect(SearchTimer.open(engine, 8, 300, needed - 1)).toEqual({
      ...{ dimension: 8, passages: 300, neededBytes: needed, limitBytes: needed - 1 },
    });
  });

  it('stops between blocks', async () => {
    const timer = SearchTimer.open(engine, 8, 300);
    if (!(timer instanceof SearchTimer)) throw new Error('skipped');
    clockOf(100);
    await expect(timer.round(engine, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled');
    await timer.round(engine, nothing);
    await timer.round(engine, nothing);
    expect(timer.times).toHaveLength(1);
  });
});

describe('synthetic vectors', () => {
  it('have length 1, differ from each other and are the same every time', () => {
    const rows = [0, 1, 2047, 2048, 4096, 9999];
    const read = () =>
      rows.map((row) => {
        const values = new Float32Array(48);
        syntheticVectors(10_000, 48).copyRow(row, values, 0);
        return values;
      });
    const vectors = read();
    expect(read()).toEqual(vectors);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(new Set(vectors.map(String)).size).toBe(rows.length);
  });
});
