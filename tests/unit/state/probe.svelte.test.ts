import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { withEntry, type SlotName } from '../../../src/domain/import/slots';

const withData = (data: Partial<Record<SlotName, string>>): Experiment =>
  Object.entries(data).reduce(
    (experiment, [slot, letter]) => withEntry(experiment, slot as SlotName, letter.repeat(64)),
    defaultExperiment(),
  );

const run = { runId: 'r', experimentId: 'own' };
const own = withData({ knowledgeBase: 'a', testQuestions: 'b' });
const experiments = {
  own,
  copy: own,
  otherTestOnly: withData({ knowledgeBase: 'c', testQuestions: 'd' }),
  sameQuestions: withData({ knowledgeBase: 'c', devQuestions: 'b' }),
  sameBase: withData({ knowledgeBase: 'a', devQuestions: 'e' }),
  other: withData({ knowledgeBase: 'c', devQuestions: 'e', testQuestions: 'f' }),
};
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    getRun: () => Promise.resolve({ ...run, experiment: own }),
    listExperiments: () =>
      Promise.resolve(
        Object.entries(experiments).map(([id, experiment]) => ({ experimentId: id, name: id, experiment })),
      ),
    listBlends: () => Promise.resolve([]),
    data: () => Promise.resolve({ describeProbe: () => Promise.resolve({ sha256: '', questions: 1, passages: 1 }) }),
  },
}));
const { ProbeState } = await import('../../../src/state/probe.svelte');

describe('the probe sets of a run', () => {
  it('are the shipped one and dev questions of experiments that share no data with it', async () => {
    const probe = new ProbeState(run);
    await probe.load(1);
    expect(probe.options.map(({ set }) => set)).toEqual([
      { kind: 'general' },
      { kind: 'experiment', experimentId: 'other', part: 'dev' },
    ]);
  });
});
