import { describe, expect, it } from 'vitest';
import { maxBatchShape } from '../../../workers/engine/memory/batchShape';
import { chooseStepStrategy } from '../../../workers/engine/memory/chooseStepStrategy';
import { proposal } from '../../../workers/engine/memory/proposal';
import { searchBytes } from '../../../workers/engine/retrieval/searchMemory';
import { evaluationBytes, type EvaluationShape } from '../../../workers/engine/memory/evaluationMemory';
import { stepMemoryNeed } from '../../../workers/engine/memory/stepMemory';
import { widestRowBytes } from '../../../workers/engine/memory/rowBytes';
import { encodingRowBytes } from '../../../workers/engine/memory/rowBytes';
import { parameterCount } from '../../../workers/engine/memory/parameterCount';
import { scratchBytes } from '../../../workers/engine/scratch';
import type { BatchShape } from '../../../src/domain/memory/report';
import type { MemoryLimits } from '../../../workers/engine/memory/memoryLimits';
import { bertBase } from '../configs';

const GiB = 2 ** 30;
const count = parameterCount(bertBase);
const parameters = { all: count, trained: count };
const shape: BatchShape = { pairs: 64, candidates: 64, tokens: 12_000, longest: 400 };
const choose = (limits: Partial<MemoryLimits>) =>
  chooseStepStrategy(bertBase, parameters, shape, { budgetBytes: 64 * GiB, arrayBytes: 2 * GiB, ...limits });

describe('the choice of a step strategy', () => {
  it('counts the parameters of bert-base-chinese', () => {
    // bert-base-chinese without its pooler: 102,267,648 − 590,592.
    expect(count).toBe(101_677_056);
  });

  it('changes from plain to recompute to GradCache as the budget shrinks, and never exceeds the budget', () => {
    const kinds: string[] = [];
    for (let budget = 16 * GiB; budget > 1.9 * GiB; budget *= 0.98) {
      const { fits, stepStrategy, need } = choose({ budgetBytes: budget });
      expect(fits).toBe(true);
      expect(need.total).toBeLessThanOrEqual(budget);
      expect(need).toEqual(stepMemoryNeed(bertBase, parameters, shape, stepStrategy));
      if (kinds.at(-1) !== stepStrategy.kind) kinds.push(stepStrategy.kind);
    }
    expect(kinds).toEqual(['plain', 'recompute', 'gradCache']);
  });

  it('fills GradCache chunks to within four rows of the budget', () => {
    const budget = 2 * GiB;
    const { stepStrategy } = choose({ budgetBytes: budget });
    if (stepStrategy.kind !== 'gradCache') throw new Error(stepStrategy.kind);
    const more = stepMemoryNeed(bertBase, parameters, shape, {
      ...stepStrategy,
      tokensPerPass: stepStrategy.tokensPerPass + 4,
    });
    expect(more.total).toBeGreaterThan(budget);
  });

  it('accepts every budget that fits the smallest chunks', () => {
    // From 256 rows on, a chunk has room for all texts of these 64 pairs. Below that, each extra row needs more memory.
    const little = { pairs: 64, candidates: 64, tokens: 9000, longest: 128 };
    const minBytes = stepMemoryNeed(bertBase, parameters, little, { kind: 'gradCache', tokensPerPass: 128 }).total;
    for (let budgetBytes = minBytes; budgetBytes < minBytes + 200e6; budgetBytes += 1e6) {
      const { fits, need } = chooseStepStrategy(bertBase, parameters, little, { budgetBytes, arrayBytes: 2 * GiB });
      expect({ budgetBytes, fits }).toEqual({ budgetBytes, fits: true });
      expect(need.total).toBeLessThanOrEqual(budgetBytes);
    }
  });

  it('splits a batch into chunks if the device allows no array for the whole batch', () => {
    const { fits, stepStrategy } = choose({ arrayBytes: 2 ** 27 });
    expect(fits).toBe(true);
    expect(stepStrategy).toEqual({ kind: 'gradCache', tokensPerPass: 10_920 });
    expect(10_920 * widestRowBytes(bertBase)).toBeLessThanOrEqual(2 ** 27);
  });

  it('reports the bytes needed if not even the longest text fits', () => {
    const { fits, need, shortage } = choose({ budgetBytes: 1.7 * GiB });
    expect(fits).toBe(false);
    expect(need.total).toBeGreaterThan(1.7 * GiB);
    expect(shortage).toEqual({ limit: 'budget', neededBytes: need.total, limitBytes: 1.7 * GiB });
  });

  it('reports a shortage if the longest text or the text vectors exceed the largest array', () => {
    const row = widestRowBytes(bertBase);
    expect(choose({ arrayBytes: 400 * row }).fits).toBe(true);
    expect(choose({ arrayBytes: 399 * row })).toMatchObject({
      fits: false,
      shortage: { limit: 'array', neededBytes: 400 * row, limitBytes: 399 * row },
    });
    const arrayBytes = 2 ** 27;
    const maxPairs = Math.floor(arrayBytes / 4 / 768);
    const at = (pairs: number, candidates = pairs) =>
      chooseStepStrategy(
        bertBase,
        parameters,
        { pairs, candidates, tokens: 6 * (pairs + candidates), longest: 6 },
        { budgetBytes: 64 * GiB, arrayBytes },
      );
    expect(at(maxPairs).fits).toBe(true);
    expect(at(maxPairs + 1)).toMatchObject({ fits: false, shortage: { limit: 'array' } });
    const pairs = Math.floor(maxPairs / 2);
    expect(at(pairs, 2 * pairs).fits).toBe(true);
    expect(at(pairs + 1, 2 * (pairs + 1))).toMatchObject({ fits: false, shortage: { limit: 'array' } });
  });

  it('reports a shortage if a loss that compares all pairs in one array exceeds the largest one', () => {
    const arrayBytes = 2 ** 27;
    const maxPairs = Math.floor(Math.sqrt(arrayBytes / 4));
    const at = (kind: 'sigmoidPairs' | 'angle', pairs: number) =>
      chooseStepStrategy(
        bertBase,
        parameters,
        { pairs, candidates: pairs, tokens: 12 * pairs, longest: 6, loss: { kind, temperature: 0.05 } },
        { budgetBytes: 64 * GiB, arrayBytes },
      );
    for (const kind of ['sigmoidPairs', 'angle'] as const) {
      expect(at(kind, maxPairs).fits).toBe(true);
      const shortage = { limit: 'array', neededBytes: 4 * (maxPairs + 1) ** 2, limitBytes: arrayBytes };
      expect(at(kind, maxPairs + 1)).toMatchObject({ fits: false, shortage });
    }
  });

  it('counts only one window of scores, so that batches of many pairs fit', () => {
    const at = (pairs: number) =>
      stepMemoryNeed(
        bertBase,
        parameters,
        { pairs, candidates: pairs, tokens: 64 * pairs, longest: 64 },
        {
          kind: 'gradCache',
          tokensPerPass: 2048,
        },
      ).total;
    expect(at(8192) - at(1024)).toBeLessThan(4 * 4 * 7168 * 768 + 2 * 2 ** 25);
  });

  it('counts the memory of an evaluation if its longest text or its search needs more than a step', () => {
    const small = { pairs: 2, candidates: 2, tokens: 40, longest: 10 };
    const limits = { budgetBytes: 64 * GiB, arrayBytes: 2 * GiB };
    const needWith = (evaluation?: EvaluationShape) =>
      chooseStepStrategy(bertBase, parameters, { ...small, ...(evaluation ? { evaluation } : {}) }, limits).need;
    const step = needWith();
    const few = { longest: 30, searches: [] };
    expect(evaluationBytes(bertBase, few)).toBe(scratchBytes + 128 * encodingRowBytes(bertBase));
    expect(needWith(few)).toEqual(step);
    const long = needWith({ longest: 4001, searches: [] });
    expect(long.activations - scratchBytes).toBe(4004 * encodingRowBytes(bertBase));
    expect(long.total - long.activations).toBe(step.total - step.activations);
    const search = { questions: 1024, relevant: 2e6, passages: 1e6 };
    const searching = needWith({ longest: 30, searches: [search] });
    expect(searching.activations - scratchBytes).toBe(searchBytes(768, search));
    const { budgetBytes, fits } = { budgetBytes: long.total - 1, fits: false };
    expect(
      chooseStepStrategy(
        bertBase,
        parameters,
        { ...small, evaluation: { longest: 4001, searches: [] } },
        { ...limits, budgetBytes },
      ),
    ).toMatchObject({ fits, shortage: { limit: 'budget', neededBytes: long.total } });
  });

  it('leaves room for per-thread memory', () => {
    const threadBytes = 8 * 2 ** 20;
    for (const budgetBytes of [2 * GiB, 3 * GiB, 4 * GiB, 16 * GiB]) {
      const { fits, stepStrategy, need } = choose({ budgetBytes, threadBytes });
      expect(fits).toBe(true);
      expect(need.total).toBe(stepMemoryNeed(bertBase, parameters, shape, stepStrategy).total + threadBytes);
      expect(need.total).toBeLessThanOrEqual(budgetBytes);
    }
  });
});

describe('the proposal of settings that fit', () => {
  const limits = { budgetBytes: 1.633 * GiB, arrayBytes: 2 * GiB };
  const fitsIn = (budget: number) => (settings: { batchSize: number; maxTokens: number }) => {
    const longest = Math.min(400, settings.maxTokens);
    const given = {
      pairs: settings.batchSize,
      candidates: settings.batchSize,
      tokens: settings.batchSize * longest,
      longest,
    };
    return chooseStepStrategy(bertBase, parameters, given, { ...limits, budgetBytes: budget }).fits;
  };

  it('names the highest token limit and the largest batch size that fit', () => {
    const fits = fitsIn(1.633 * GiB);
    const { maxTokens, batchSize } = proposal({ batchSize: 64, maxTokens: 512 }, fits);
    expect(maxTokens).toBeGreaterThan(16);
    expect(fits({ batchSize: 64, maxTokens: maxTokens ?? 0 })).toBe(true);
    expect(fits({ batchSize: 64, maxTokens: (maxTokens ?? 0) + 4 })).toBe(false);
    // Two pairs with recompute need less memory than one text with all layers kept.
    expect(batchSize).toBe(2);
  });

  it('names the largest batch size that fits', () => {
    expect(proposal({ batchSize: 60, maxTokens: 20 }, ({ batchSize }) => batchSize <= 23)).toEqual({ batchSize: 23 });
  });

  it('is empty if the weights themselves do not fit', () => {
    expect(proposal({ batchSize: 64, maxTokens: 512 }, fitsIn(1 * GiB))).toEqual({});
  });
});

describe('the shape of the largest batch', () => {
  const offsets = (...lengths: number[]) => ({
    offsets: Uint32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0))]),
  });
  const tokens = { anchors: offsets(3, 4, 5, 6), positives: offsets(30, 10, 20, 40) };

  it('combines the most tokens of any batch with the longest text of all batches', () => {
    expect(
      maxBatchShape(
        [
          [0, 1],
          [2, 3],
          [1, 2],
        ],
        tokens,
      ),
    ).toEqual({ pairs: 2, candidates: 2, tokens: 71, longest: 40 });
  });

  it('counts the tokens of each text only up to the token limit', () => {
    expect(
      maxBatchShape(
        [
          [0, 1],
          [2, 3],
        ],
        tokens,
        12,
      ),
    ).toEqual({ pairs: 2, candidates: 2, tokens: 35, longest: 12 });
  });

  it('is null without batches', () => {
    expect(maxBatchShape([], tokens)).toBeNull();
  });
});
