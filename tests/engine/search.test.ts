import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceEngine, deviceWebGpu } from '../../workers/services/device/openDevice';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { search } from '../../workers/engine/retrieval/search';
import { vectorsInPieces, type Vectors } from '../../workers/engine/retrieval/vectors';
import { inBrowser } from './environment';
import { strictReports } from './reports';
import { seededRandom } from './random';
import { openTestDevice } from './testDevice';
import { scoreOfKey } from '../../workers/engine/retrieval/scoreKeys';
import type { SearchBlocks } from '../../workers/engine/retrieval/searchBlocks';
import type { SearchInput } from '../../workers/engine/retrieval/searchInput';
import type { QueryResult } from '../../workers/engine/retrieval/queryResult';
import { expectNoLeak } from './expectNoLeak';

type Search = (input: SearchInput) => Promise<QueryResult[]>;

/** The kinds of engines to test. In the browser, the kernels of both software and hardware adapters are tested. */
const kinds = inBrowser ? (['software', 'hardware'] as const) : (['wasm'] as const);
let hardware: WebGpuEngine | undefined;

beforeAll(async () => {
  await openTestDevice();
  const gpu = deviceWebGpu();
  if (gpu) hardware = new WebGpuEngine(gpu.device, { software: false }, strictReports());
});
afterAll(() => expect(hardware?.pool.liveArrays ?? 0).toBe(0));

/** Wraps vectors stored in one piece: values [count, E]. */
function vectorsOf(values: Float32Array, width: number): Vectors {
  return {
    count: values.length / width,
    width,
    copyRow: (row, into, at) => into.set(values.subarray(row * width, (row + 1) * width), at),
  };
}

function searchOf(kind: (typeof kinds)[number]): Search {
  if (kind !== 'hardware') return (input) => expectNoLeak(() => search(deviceEngine(), input));
  return (input) => {
    if (!hardware) throw new Error('no WebGPU');
    return search(hardware, input);
  };
}

const random = seededRandom(5);
const below = (limit: number): number => Math.floor(random() * limit);

interface Case {
  queries: number;
  passages: number;
  width: number;
  k: number;
}

/**
 * Returns a search over small integers, so that sums are exact and many scores tie. A third of the passages are copies
 * of others.
 */
function drawCase({ queries, passages, width, k }: Case, number = (): number => below(5) - 2): SearchInput {
  const draw = (length: number): Float32Array => Float32Array.from({ length }, number);
  const values = draw(passages * width);
  for (let i = 0; i < passages; i += 3) {
    const other = below(passages);
    values.copyWithin(i * width, other * width, (other + 1) * width);
  }
  const targets = Array.from({ length: queries }, () => Array.from({ length: below(4) }, () => below(passages)));
  return { queries: vectorsOf(draw(queries * width), width), passages: vectorsOf(values, width), targets, k };
}

/** Searches by sorting all scores of each query. */
function naiveSearch({ queries, passages, targets, k }: SearchInput): QueryResult[] {
  const row = (vectors: SearchInput['passages'], i: number): Float32Array => {
    const values = new Float32Array(vectors.width);
    vectors.copyRow(i, values, 0);
    return values;
  };
  return Array.from({ length: queries.count }, (_, q) => {
    const query = row(queries, q);
    const all = Array.from({ length: passages.count }, (_, passage) => {
      const score = row(passages, passage).reduce((sum, x, e) => sum + x * (query[e] ?? NaN), 0);
      return { passage, score: Number.isNaN(score) ? -Infinity : score + 0 };
    });
    all.sort((a, b) => (a.score === b.score ? a.passage - b.passage : b.score - a.score));
    const places = (targets[q] ?? []).map((target) => all.findIndex(({ passage }) => passage === target));
    const scores = places.map((place) => all[place]?.score ?? NaN);
    return { top: all.slice(0, k), ranks: places.map((place) => place + 1), scores };
  });
}

const cases: Case[] = [
  { queries: 1, passages: 1, width: 1, k: 1 },
  { queries: 3, passages: 40, width: 16, k: 10 },
  { queries: 70, passages: 333, width: 7, k: 10 },
  { queries: 5, passages: 6, width: 10, k: 10 },
  { queries: 9, passages: 130, width: 33, k: 100 },
];

/**
 * Returns block sizes that leave remainders, are larger than the input, or take a small input's passages one by one. A
 * software adapter takes milliseconds per block, so the sizes grow with the input, into at most 40 blocks of a small
 * input and 12 of a large one.
 */
function blocksFor({ queries, passages }: Case): SearchBlocks[] {
  const growth = passages <= 40 ? 1 : Math.ceil(passages / 12);
  return [
    { passages: 7 * growth, queries: Math.max(2, Math.ceil(queries / 4)) },
    { passages: 64, queries: 64 },
    { passages: growth, queries: 100 },
  ];
}

describe.each(kinds)('exact search (%s)', (kind) => {
  const run = searchOf(kind);

  it.each(cases)(
    'finds what sorting all scores finds, queries: $queries, passages: $passages, width: $width, top $k',
    async (testCase) => {
      const input = drawCase(testCase);
      const expected = naiveSearch(input);
      expect(await run(input)).toEqual(expected);
      for (const blocks of blocksFor(testCase))
        expect(await run({ ...input, blocks }), JSON.stringify(blocks)).toEqual(expected);
    },
  );

  it('returns the same bits in blocks of any size, of vectors that are read in pieces, and for a single query', async () => {
    const testCase = { queries: 20, passages: 150, width: 30, k: 12 };
    const input = drawCase(testCase, () => 2 * random() - 1);
    const found = await run(input);
    for (const blocks of [
      { passages: 9, queries: 3 },
      { passages: 50, queries: 20 },
      { passages: 149, queries: 7 },
    ])
      expect(await run({ ...input, blocks })).toEqual(found);
    const pieces = vectorsInPieces(testCase.passages, testCase.width, (first, count, into) => {
      for (let i = 0; i < count; i++) input.passages.copyRow(first + i, into, i * testCase.width);
      return Promise.resolve();
    });
    for (const blocks of [{ passages: 50, queries: 20 }, undefined]) {
      const inPieces = { ...input, passages: pieces };
      expect(await run(blocks ? { ...inPieces, blocks } : inPieces)).toEqual(found);
    }
    const alone = await run({
      ...input,
      queries: { ...input.queries, count: 1, copyRow: (_, into, at) => input.queries.copyRow(13, into, at) },
      targets: [input.targets[13] ?? []],
    });
    expect(alone).toEqual([found[13]]);
    const sorted = naiveSearch(input);
    found.forEach(({ top }, q) =>
      top.forEach(({ score }, i) => expect(Math.abs(score - (sorted[q]?.top[i]?.score ?? NaN))).toBeLessThan(1e-5)),
    );
  });

  it('ranks NaN like −Infinity and treats −0 as 0', async () => {
    const passages = vectorsOf(Float32Array.of(NaN, -5, 0.5, -0, 0, -Infinity, Infinity), 1);
    const queries = vectorsOf(Float32Array.of(1), 1);
    const [found] = await run({
      passages,
      queries,
      targets: [[0, 5, 3, 4, 6]],
      k: 7,
      blocks: { passages: 3, queries: 1 },
    });
    expect(found?.top.map(({ passage }) => passage)).toEqual([6, 2, 3, 4, 1, 0, 5]);
    expect(found?.ranks).toEqual([6, 7, 3, 4, 1]);
  });

  it('finds nothing in an empty knowledge base or without queries', async () => {
    const some = vectorsOf(Float32Array.of(1, 2), 2);
    const none = vectorsOf(new Float32Array(), 2);
    expect(await run({ queries: some, passages: none, targets: [[]], k: 3 })).toEqual([
      { top: [], ranks: [], scores: [] },
    ]);
    expect(await run({ queries: none, passages: some, targets: [], k: 3 })).toEqual([]);
  });
});

describe('the sort key of a score', () => {
  it('converts back to its score', () => {
    for (const score of [0, 1.5, -2.25, 3e38, -3e38, 1e-38, Infinity, -Infinity]) {
      const bits = new Uint32Array(Float32Array.of(score).buffer)[0] ?? 0;
      const key = bits >= 0x8000_0000 ? ~bits >>> 0 : bits + 0x8000_0000;
      expect(scoreOfKey(key)).toBe(Math.fround(score));
    }
  });
});
