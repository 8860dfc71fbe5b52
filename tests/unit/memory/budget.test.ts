import { describe, expect, it } from 'vitest';
import { allowsBudget, budgetBytes, defaultBudgetBytes } from '../../../src/domain/memory/budget';
import { memoryRefusal } from '../../../src/domain/memory/refusal';
import type { StepStrategyChoice } from '../../../src/domain/memory/report';

const GiB = 2 ** 30;

describe('the memory budget', () => {
  it("defaults to half the machine's memory, between 1 and 8 GiB, and at most 3 GiB on wasm", () => {
    expect([0.5, 4, 8, 32, undefined].map((memory) => defaultBudgetBytes('webgpu', memory) / GiB)).toEqual([
      1, 2, 4, 8, 2,
    ]);
    expect([0.5, 4, 8, 32].map((memory) => defaultBudgetBytes('wasm', memory) / GiB)).toEqual([1, 2, 3, 3]);
  });

  it('is the one that the user set, but no more than wasm can address', () => {
    expect(budgetBytes('webgpu', 20 * GiB, 8)).toBe(20 * GiB);
    expect(budgetBytes('wasm', 20 * GiB, 8)).toBe(3 * GiB);
    expect([allowsBudget('webgpu', 20 * GiB), allowsBudget('wasm', 3 * GiB)]).toEqual([true, true]);
    expect(allowsBudget('wasm', 3 * GiB + 1)).toBe(false);
  });

  it('is the default if the user set none', () => {
    expect(budgetBytes('webgpu', null, 8)).toBe(defaultBudgetBytes('webgpu', 8));
    expect(budgetBytes('wasm', null, undefined)).toBe(defaultBudgetBytes('wasm', undefined));
  });
});

describe('the refusal of a run that needs too much memory', () => {
  const need = { weights: 1, gradients: 1, moments: 2, activations: 3, snapshot: 0, total: 7 };
  const choice: StepStrategyChoice = { fits: false, stepStrategy: { kind: 'recompute' }, need };

  it('names the limit that is exceeded, and the settings that would fit', () => {
    const shortage = { limit: 'array', neededBytes: 5, limitBytes: 4 } as const;
    const report = { choice: { ...choice, shortage }, proposal: { batchSize: 8 }, budgetBytes: 6, canRaise: false };
    expect(memoryRefusal(report)).toEqual({
      kind: 'memory-too-small',
      ...shortage,
      canRaise: false,
      batchSize: 8,
    });
  });

  it('names the budget if the step strategy itself would fit', () => {
    expect(memoryRefusal({ choice, proposal: {}, budgetBytes: 6, canRaise: true })).toEqual({
      kind: 'memory-too-small',
      limit: 'budget',
      neededBytes: 7,
      limitBytes: 6,
      canRaise: true,
    });
  });
});
