import { expect, it, vi } from 'vitest';

vi.mock('../../../src/state/gateway', () => ({ gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app: {} }));
vi.mock('../../../src/state/deviceJob.svelte', () => ({ deviceJob: {} }));
const { comparisonOf } = await import('../../../src/state/comparison.svelte');

const nothing = { questions: [], passages: 0, knowledgeBaseSha256: '', leftOut: 0, testUses: 0 };

it('a comparison still follows its data after the screen that opened it first has closed', () => {
  const leave = $effect.root(() => {
    $effect.pre(() => void comparisonOf('e').results);
  });
  leave();
  const comparison = comparisonOf('e');
  expect(comparison.results.size).toBe(0);
  comparison.data = { ...nothing, models: [{ id: 'a', results: [], passagesPerSecond: null }] };
  expect([...comparison.results.keys()]).toEqual(['a']);
});
