import { describe, expect, it } from 'vitest';
import { maxQuestionsPerSearch, search } from '../../workers/engine/retrieval/search';
import { nullGpu } from './nullDevice';

describe("exact search on Dawn's null backend", () => {
  it('refuses more questions than memory plans count for one search', async () => {
    const { gpu } = await nullGpu();
    const vectors = (count: number) => ({ count, width: 4, copyRow: () => undefined });
    const queries = vectors(maxQuestionsPerSearch + 1);
    const targets = Array.from({ length: queries.count }, () => []);
    const searching = search(gpu, { queries, passages: vectors(1), targets, k: 1 });
    await expect(searching).rejects.toThrow(`a search takes at most ${maxQuestionsPerSearch}`);
    gpu.dispose();
  });

  it("searches 1,000,000 passages of width 768 within WebGPU's lowest limits and 32 MiB", async () => {
    const { gpu, errors } = await nullGpu();
    const vector = new Float32Array(768);
    const vectors = (count: number) => ({
      count,
      width: 768,
      copyRow: (_: number, into: Float32Array, at: number) => into.set(vector, at),
    });
    const targets = Array.from({ length: 300 }, (_, query) => [query, 999_999 - query]);
    const input = { queries: vectors(300), passages: vectors(1_000_000), targets, k: 10 };
    let last = 0;
    const found = await search(gpu, input, (done) => Promise.resolve(void (last = done)));
    const { dispatches } = gpu.commands.counters;
    console.log(`1,000,000 passages, 300 queries: ${dispatches} dispatches, peak ${gpu.pool.peakBytes} bytes`);
    expect(errors).toEqual([]);
    expect([found.length, last]).toEqual([300, 1_000_000]);
    expect(gpu.pool.peakBytes).toBeLessThan(32 * 1024 * 1024);
    expect(gpu.pool.liveArrays).toBe(0);
    gpu.dispose();
  });
});
