import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ComparedPairs, PairTableResult } from '../../../src/protocol/pairsApi';
import type { CandidateOption } from '../../../src/protocol/compareApi';

const data = {
  comparedPairs: vi.fn<() => Promise<ComparedPairs | null>>(),
  importDataset: vi.fn<() => Promise<unknown>>(),
  pairTable: vi.fn<() => Promise<Pick<PairTableResult, 'rows'>>>(),
};
const experiment = { load: vi.fn(() => Promise.resolve()), compareOnPairs: vi.fn<() => Promise<boolean>>() };
vi.mock('../../../src/state/gateway', () => ({ gateway: { data: () => Promise.resolve(data) } }));
vi.mock('../../../src/state/app.svelte', () => ({ app: { attempt: (action: () => unknown) => action() } }));
vi.mock('../../../src/state/deviceJob.svelte', () => ({ deviceJob: {} }));
vi.mock('../../../src/state/openExperiments.svelte', () => ({
  flushExperiment: () => Promise.resolve(),
  openExperiment: () => ({ experiment }),
}));
const { comparedPairsOf } = await import('../../../src/state/comparedPairs.svelte');
const { comparisonOf } = await import('../../../src/state/comparison.svelte');

const set: ComparedPairs = { name: 'a.csv', contentSha256: 'a', pairs: 8, trainedOn: 0, unchecked: 0, ids: ['k'] };
const imported = { dataset: { contentSha256: 'b' }, rejected: [], rejectedCount: 1, ignoredCount: 0, noteCount: 2 };
const files = [new File(['x'], 'b.csv')];
const keywords: CandidateOption = {
  ...{ id: 'k', candidate: { kind: 'keywords' }, name: '', settings: null, bytes: 0, dimension: 0, ownBase: false },
  run: null,
};

beforeEach(() => {
  vi.clearAllMocks();
  data.comparedPairs.mockResolvedValue(set);
  data.importDataset.mockResolvedValue(imported);
  experiment.compareOnPairs.mockResolvedValue(true);
});

describe('scored pairs in a comparison', () => {
  it('are still followed, with the import and its report, after the screen that opened them has closed', async () => {
    const end: ((report: unknown) => void)[] = [];
    data.importDataset.mockReturnValue(new Promise((resolve) => end.push(resolve)));
    const leave = $effect.root(() => {
      $effect.pre(() => {
        void comparedPairsOf('left').shown;
        void comparisonOf('left').listed;
      });
    });
    const importing = comparedPairsOf('left').importFiles(files);
    leave();
    expect(comparedPairsOf('left').progress).not.toBeNull();
    await vi.waitFor(() => expect(end).toHaveLength(1));
    end[0]?.(imported);
    await importing;
    const pairs = comparedPairsOf('left');
    expect(pairs).toMatchObject({ progress: null, set, report: { rejectedCount: 1, noteCount: 2 } });
    pairs.comparison.options = [keywords];
    pairs.comparison.chosen = new Set(['k']);
    expect(pairs.shown.map(({ id }) => id)).toEqual(['k']);
  });

  it('are imported once at a time', async () => {
    const pairs = comparedPairsOf('twice');
    await Promise.all([pairs.importFiles(files), pairs.importFiles(files)]);
    expect(data.importDataset).toHaveBeenCalledTimes(1);
    await pairs.importFiles(files);
    expect(data.importDataset).toHaveBeenCalledTimes(2);
  });

  it('say so if the experiment was not saved with an imported file, until another is imported', async () => {
    const pairs = comparedPairsOf('overtaken');
    experiment.compareOnPairs.mockResolvedValueOnce(false);
    await pairs.importFiles(files);
    expect(pairs).toMatchObject({ notSaved: true, report: null });
    await pairs.importFiles(files);
    expect(pairs).toMatchObject({ notSaved: false, report: { rejectedCount: 1 } });
    expect(experiment.load).toHaveBeenCalledTimes(2);
  });

  it('are not said to be missing before they were looked for', async () => {
    data.comparedPairs.mockResolvedValue(null);
    const pairs = comparedPairsOf('new');
    expect(pairs).toMatchObject({ loaded: false, set: null });
    await pairs.load();
    expect(pairs).toMatchObject({ loaded: true, set: null });
  });

  it('lose their table when others take their place', async () => {
    const pairs = comparedPairsOf('replaced');
    pairs.comparison.options = [keywords];
    pairs.comparison.chosen = new Set(['k']);
    const cell = { value: 0.5, interval: null, baseline: null };
    data.pairTable.mockResolvedValue({ rows: [{ id: 'k', undefined: null, spearman: cell, pearson: cell }] });
    await pairs.load();
    await pairs.readTable();
    await pairs.load();
    expect(pairs.rows).toHaveLength(1);
    data.comparedPairs.mockResolvedValue({ ...set, contentSha256: 'b' });
    await pairs.load();
    expect(pairs.rows).toEqual([]);
  });
});
