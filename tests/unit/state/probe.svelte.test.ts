import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { storedExperiment } from '../storage/support';

const entry = (role: 'knowledgeBase' | 'questions', hash: string, part?: 'dev' | 'test') =>
  ({ role, contentSha256: hash.repeat(64), ...(part ? { part } : {}) }) as Experiment['data'][number];
const experimentOf = (id: string, ...data: Experiment['data']) =>
  storedExperiment(id, { name: id, experiment: { ...defaultExperiment(), data } });
const ownData = [entry('knowledgeBase', 'a'), entry('questions', 'b', 'test')];

const describeProbe = vi.fn(() => Promise.resolve({ sha256: 'f'.repeat(64), questions: 3, passages: 4 }));
const compareRun = vi.fn(() => Promise.resolve(null));
const evaluateBlends = vi.fn((): Promise<void> => Promise.reject(new Error('lost device')));
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    listExperiments: () =>
      Promise.resolve([
        experimentOf('own', ...ownData),
        experimentOf('copy', ...ownData, entry('questions', 'c', 'dev')),
        experimentOf('questions copied', entry('knowledgeBase', '1'), entry('questions', 'b', 'dev')),
        experimentOf('test only', entry('knowledgeBase', '2'), entry('questions', '3', 'test')),
        experimentOf('other', entry('knowledgeBase', '2'), entry('questions', '4', 'dev')),
      ]),
    listBlends: () => Promise.resolve([]),
    data: () => Promise.resolve({ describeProbe, compareRun }),
    gpu: () => Promise.resolve({ evaluateBlends }),
  },
}));
const { ProbeState } = await import('../../../src/state/probe.svelte');
const { blends } = await import('../../../src/state/blends.svelte');
const opened = () => new ProbeState({ runId: 'r', experimentId: 'own', data: ownData });
beforeEach(() => vi.clearAllMocks());

describe('the probe sets of a run', () => {
  it('are the shipped one and dev questions of experiments that share neither passages nor questions', async () => {
    const probe = opened();
    await probe.load(1);
    expect(probe.options.map(({ name }) => name)).toEqual([null, 'other']);
    expect(probe.options[1]?.set).toEqual({ kind: 'experiment', experimentId: 'other' });
  });

  it('are not described again for another cut-off, but after another choice', async () => {
    const probe = opened();
    await probe.load(1);
    for (const k of [3, 5, 10]) await probe.read(k);
    expect(describeProbe).toHaveBeenCalledTimes(1);
    expect(compareRun).toHaveBeenLastCalledWith('r', [10], 'f'.repeat(64));
    await probe.choose('other', 1);
    expect(describeProbe).toHaveBeenCalledTimes(2);
    expect(probe.reported).toEqual({ sha256: 'f'.repeat(64), name: 'other' });
  });
});

describe('a failure while a probe set is measured', () => {
  it('belongs to the panel that asked: general ability, or blends', async () => {
    const probe = opened();
    await probe.measure([]);
    expect([blends.failureOf('r', 'probe'), blends.failureOf('r', 'blend')]).toEqual([expect.anything(), null]);
    await probe.measure([0.5]);
    expect([blends.failureOf('r', 'probe'), blends.failureOf('r', 'blend')]).toEqual([null, expect.anything()]);
  });
});
