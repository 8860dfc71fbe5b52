import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchLimitBytes } from '../../src/domain/evaluate/speed';
import type { Engine } from '../../workers/engine/engine';
import { openWasmEngine } from '../../workers/engine/wasm/openWasmEngine';
import { search } from '../../workers/engine/retrieval/search';
import { vectorsInOnePiece, vectorsInPieces } from '../../workers/engine/retrieval/vectors';
import { searchNeeds, SearchTimer, syntheticVectors } from '../../workers/services/evaluate/searchSpeed';
import { wasmBase } from './environment';

let engine: Engine;
beforeAll(async () => void (engine = await openWasmEngine(wasmBase, 1)));
afterAll(() => expect(engine.pool.liveArrays).toBe(0));

const nothing = (): Promise<void> => Promise.resolve();

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
    expect(searchNeeds(width, passages).inPieces).toBeGreaterThanOrEqual(bytes);
    expect(searchNeeds(width, passages).inMemory).toBeGreaterThan(searchLimitBytes);

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
    const needs = searchNeeds(8, 20_000);
    const small = SearchTimer.open(8, 20_000);
    const large = SearchTimer.open(8, 20_000, needs.inMemory - 1);
    for (const [timer, pieces, bytes] of [
      [small, 1, needs.inMemory],
      [large, 2, needs.inPieces],
    ] as const) {
      if (!(timer instanceof SearchTimer)) throw new Error('skipped');
      let last = 0;
      for (let round = 0; round < 2; round++) await timer.round(engine, (done) => Promise.resolve(void (last = done)));
      expect([timer.times.length, last, timer.pieces]).toEqual([2, 20_000, pieces]);
      expect(timer.times.every((ms) => ms >= 0)).toBe(true);
      expect(timer.bytes).toBeLessThanOrEqual(bytes);
    }
  });

  it('refuses a search that exceeds the limit even in pieces, with what it would need', () => {
    const needed = searchNeeds(8, 300).inPieces;
    expect(SearchTimer.open(8, 300, needed - 1)).toEqual({
      ...{ dimension: 8, passages: 300, neededBytes: needed, limitBytes: needed - 1 },
    });
  });

  it('stops between blocks', async () => {
    const timer = SearchTimer.open(8, 300);
    if (!(timer instanceof SearchTimer)) throw new Error('skipped');
    await expect(timer.round(engine, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled');
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
