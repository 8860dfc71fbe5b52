import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment } from '../../../src/domain/experiment';
import { question } from './question';

type Question = ReturnType<typeof question<unknown>>;
/** Questions that wait for an answer, by the name of the call, oldest first. */
let asked: Record<string, Question[]> = {};
/** A worker or storage whose every call waits for the test's answer. */
const waiting: Record<string, () => Promise<unknown>> = new Proxy(
  {},
  {
    get: (_, name: string) => () => {
      const next = question<unknown>();
      (asked[name] ??= []).push(next);
      return next.read();
    },
  },
);
vi.doMock('../../../src/state/app.svelte', () => ({
  app: { devicePreference: 'auto', attempt: (work: () => Promise<unknown>) => work() },
}));
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    data: () => Promise.resolve(new Proxy(waiting, { get: (on, name: string) => (name === 'then' ? null : on[name]) })),
    gpu: () => Promise.resolve({ compareModels: compare }),
    listRuns: () => waiting['listRuns']?.(),
    listBlends: () => waiting['listBlends']?.(),
  },
}));
vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ usage: 1, quota: 2 }) } });
const compare = vi.fn<() => Promise<void>>();
const { ComparisonState } = await import('../../../src/state/comparison.svelte');
const { ExperimentState } = await import('../../../src/state/experiment.svelte');
const { ExportedWeights } = await import('../../../src/state/exporting.svelte');
const { ScoresState } = await import('../../../src/state/scores.svelte');
const { SplitState } = await import('../../../src/state/splitting.svelte');
const { storage } = await import('../../../src/state/storage.svelte');

beforeEach(() => (asked = {}));

/** Waits until a call has been made `count` times, and returns its questions. */
async function questions(name: string, count: number): Promise<Question[]> {
  await vi.waitFor(() => expect(asked[name]).toHaveLength(count));
  return asked[name] ?? [];
}

const partOf = (passages: number) => ({
  ...{ models: [], questions: 0, passages, knowledgeBaseSha256: '', leftOut: 0, testUses: 0 },
});

describe('answers in another order than their questions', () => {
  it('leave the newest results of a compared part on the screen', async () => {
    const comparison = new ComparisonState('e');
    const shown = [comparison.showPart('dev'), comparison.showPart('dev')];
    const [older, newer] = await questions('comparedPart', 2);
    newer?.answer(partOf(2));
    older?.answer(partOf(1));
    await Promise.all(shown);
    expect(comparison.data?.passages).toBe(2);
  });

  it('leave the newest list of candidates', async () => {
    const comparison = new ComparisonState('e');
    const loaded = [comparison.load(), comparison.load()];
    const [older, newer] = await questions('listCandidates', 2);
    newer?.answer([]);
    older?.answer([{ id: 'old', candidate: { kind: 'keywords' } }]);
    void questions('comparedPart', 2).then((all) => all.forEach(({ answer }) => answer(partOf(1))));
    await Promise.all(loaded);
    expect(comparison.options).toEqual([]);
  });

  it('keep a caller that needs the runs waiting for the newest ones', async () => {
    const experiment = new ExperimentState('e');
    let seen = -1;
    const first = experiment.loadRuns().then(() => (seen = experiment.runs.length));
    const second = experiment.loadRuns();
    const [older, newer] = await questions('listRuns', 2);
    older?.answer([]);
    await older?.read();
    expect(seen).toBe(-1);
    newer?.answer([{ runId: 'new' }]);
    await Promise.all([first, second]);
    expect(seen).toBe(1);
  });

  it('leave the counts of the newest split', async () => {
    const split = new SplitState();
    const [one, two] = [defaultExperiment(), { ...defaultExperiment(), seed: defaultExperiment().seed + 1 }];
    const counted = [split.count(one), split.count(two)];
    const [older, newer] = await questions('countSplit', 2);
    newer?.answer({ dev: 2 });
    older?.fail(new Error('late'));
    await Promise.all(counted);
    expect([split.countsOf(two), split.problem]).toEqual([{ dev: 2 }, null]);
  });

  it('leave storage busy until the last of its readings has ended', async () => {
    const loaded = [storage.load(), storage.load()];
    const [older, newer] = await questions('storageUse', 2);
    older?.answer([]);
    await loaded[0];
    expect([storage.busy, storage.items]).toEqual([true, null]);
    newer?.answer([]);
    await loaded[1];
    expect([storage.busy, storage.items]).toEqual([false, []]);
  });
});

describe('a choice on the screen', () => {
  it('of the weights to export stays when the same run is read again, and is dropped with the ratios for another', async () => {
    const weights = new ExportedWeights();
    const load = async (runId: string, count: number): Promise<void> => {
      const loading = weights.load(runId);
      (await questions('listBlends', count)).at(-1)?.answer([{ ratio: 0 }, { ratio: 0.5 }, { ratio: 1 }]);
      (await questions('listBlends', count + 1)).at(-1)?.answer([]);
      await loading;
    };
    await load('a', 1);
    weights.ratio = 0.5;
    await load('a', 3);
    expect([weights.ratio, weights.ratios]).toEqual([0.5, [0.5]]);
    const other = weights.load('b');
    expect([weights.ratio, weights.ratios]).toEqual([1, []]);
    (await questions('listBlends', 5)).at(-1)?.fail(new Error('lost'));
    await expect(other).rejects.toThrow('lost');
    expect(weights.ratios).toEqual([]);
  });

  it('of another run does not show the error of the scores of the run before, which appears on return', async () => {
    const scores = new ScoresState('e');
    const view = { models: [], questions: { dev: null, test: null } };
    let reads = 0;
    const answered = async (loading: Promise<void>): Promise<void> => {
      (await questions('viewScores', ++reads)).at(-1)?.answer(view);
      await loading;
    };
    await answered(scores.show('a'));
    const work = question<void>();
    compare.mockImplementation(work.read);
    const computing = scores.compute('dev');
    await answered(scores.show('b'));
    work.fail(new AppError({ kind: 'data-missing', role: 'devQuestions' }));
    await answered(computing);
    expect(scores.error).toBeNull();
    await answered(scores.show('a'));
    expect(scores.error?.kind).toBe('data-missing');
  });
});
