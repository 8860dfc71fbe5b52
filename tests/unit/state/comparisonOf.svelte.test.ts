import { expect, it, vi } from 'vitest';
import { candidateId, type Candidate } from '../../../src/domain/evaluate/candidate';
import type { CandidateOption } from '../../../src/protocol/compareApi';

const listCandidates = vi.fn<(experimentId: string) => Promise<CandidateOption[]>>();
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    data: () => Promise.resolve({ listCandidates, comparedPart: () => Promise.resolve({ ...nothing, models: [] }) }),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({ app: { attempt: (action: () => unknown) => action() } }));
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

it('a blend stays listed while only its fusion with the keyword search is chosen, and not after its run was deleted', async () => {
  const rest = { name: 'm', settings: null, bytes: 0, dimension: 0, ownBase: false };
  const run = { createdAt: 0, step: 1, steps: 1, best: true, experiment: null, canBlend: true };
  const optionOf = (candidate: Candidate): CandidateOption => ({ id: candidateId(candidate), candidate, ...rest, run });
  const kept = optionOf({ kind: 'run', runId: 'r', weights: 'kept' });
  listCandidates.mockResolvedValue([kept]);
  const comparison = comparisonOf('blends');
  await comparison.load();
  const listed = comparison.candidateOf(kept.id);
  if (!listed) throw new Error('not listed');
  comparison.addBlend(listed, 0.5);
  const [blend, fused] = comparison.listed
    .filter(({ option }) => option.candidate.kind === 'blend')
    .map(({ id }) => id);
  if (blend === undefined || fused === undefined) throw new Error('no blend');
  comparison.choose(fused, true);
  comparison.choose(blend, false);
  await comparison.load();
  expect(comparison.candidateOf(fused)).toBeDefined();
  listCandidates.mockResolvedValue([]);
  await comparison.load();
  expect(comparison.listed).toEqual([]);
  expect([...comparison.chosen]).toEqual([]);
});
