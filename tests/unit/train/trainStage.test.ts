import 'fake-indexeddb/auto';
import { render } from 'svelte/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { planBatches } from '../../../src/domain/train/planBatches';
import { defaultExperiment, experimentModelOf, type Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { RunRecord } from '../../../src/domain/run';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { getExperiment, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';
import { importDataset } from '../../../workers/services/import/importDataset';
import type { DataApi } from '../../../src/protocol/dataApi';
import { countSplit } from '../../../workers/services/split/countSplit';
import { stageBatches } from '../../../workers/services/train/stageBatches';
import { preparedData } from '../../../workers/services/split/preparedData';

let db: Database;
// The tests open one experiment after another under the same id. Without this, they would follow each other's changes
// like tabs.
vi.stubGlobal(
  'BroadcastChannel',
  class {
    postMessage = () => undefined;
    close = () => undefined;
  },
);
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () =>
      Promise.resolve({
        countSplit: ((...given) => countSplit(db, ...given)) satisfies DataApi['countSplit'],
        tokenize: () => Promise.resolve({}),
      }),
    // Answers only with the batches, because an experiment without a stored model has no memory plan.
    gpu: () =>
      Promise.resolve({
        planMemory: async (id: string) => {
          const { experiment } = (await getExperiment(db, id)) ?? {};
          if (experiment) await stageBatches(db, experiment, await preparedData(db, experiment));
          return null;
        },
      }),
    getExperiment: (id: string) => getExperiment(db, id),
    replaceExperiment: (stored: StoredExperiment, savedAt: number) => replaceExperiment(db, stored, savedAt),
    getDataset: (sha256: string) => getDataset(db, sha256),
    listRuns: () => Promise.resolve([]),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({
  app: { language: 'en', attempt: (work: () => Promise<unknown>) => work() },
}));
vi.mock('../../../src/state/jobs.svelte', () => ({ jobs: {} }));
// The tests look only at the stage's own text, so its other parts are replaced by empty components.
const replaced = [
  'train/Hyperparameters',
  'train/AdvancedSettings',
  'train/RunCurves',
  'train/BatchView',
  'common/RunControls',
];
for (const part of replaced) vi.doMock(`../../../src/ui/${part}.svelte`, () => ({ default: () => undefined }));
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => undefined);
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');
const { ExperimentState } = await import('../../../src/state/experiment.svelte');
const { MemoryState } = await import('../../../src/state/memory.svelte');
const { default: TrainStage } = await import('../../../src/ui/train/TrainStage.svelte');
const { default: LeftOut } = await import('../../../src/ui/train/LeftOut.svelte');
const { default: RunList } = await import('../../../src/ui/train/RunList.svelte');

async function datasetOf(role: 'knowledgeBase' | 'pairs' | 'questions', rows: object[]) {
  const file = new File([JSON.stringify(rows)], `${role}.json`);
  return (await importDataset(db, [file], role, () => undefined)).dataset;
}
async function stored(role: 'knowledgeBase' | 'pairs' | 'questions', rows: object[]) {
  return (await datasetOf(role, rows)).contentSha256;
}
/** Opens an experiment with 80 pairs, batches of 2 and 2 epochs. The default split holds out 4 pairs for dev. */
async function opened(added: object[] = []) {
  const [stage] = defaultExperiment().stages;
  if (!stage) throw new Error('no stage');
  const experiment = {
    ...defaultExperiment(),
    data: [
      { role: 'knowledgeBase' as const, contentSha256: await stored('knowledgeBase', [{ id: 'p', text: '段' }]) },
      {
        role: 'pairs' as const,
        contentSha256: await stored(
          'pairs',
          Array.from({ length: 80 }, (_, i): object => ({ query: `问${i}`, positive: `答${i}` })).concat(added),
        ),
      },
      {
        role: 'questions' as const,
        part: 'test' as const,
        contentSha256: await stored('questions', [{ query: '怎样在手机上修改登录密码', relevant: ['p'] }]),
      },
    ],
    stages: [{ ...stage, batching: { kind: 'seeded' as const, batchSize: 2, avoidDuplicatePassages: true } }],
  };
  // Each experiment has its own id, because a pending save ends up in the database of the next test.
  const experimentId = `e${databases}`;
  await putExperiment(db, { experimentId, name: 'e', experiment, createdAt: 0, updatedAt: 0, demo: false });
  const state = new ExperimentState(experimentId);
  await state.load();
  return { experiment, state };
}
const model: StoredModel = {
  contentSha256: 'm'.repeat(64),
  name: 'm',
  config: {
    layers: 1,
    hiddenSize: 8,
    heads: 1,
    intermediateSize: 8,
    vocabularySize: 8,
    maxPositions: 128,
    typeVocabularySize: 2,
    layerNormEpsilon: 1e-12,
    hiddenDropout: 0,
    attentionDropout: 0,
    padTokenId: 0,
  },
  tensors: [],
  totalFloats: 1000,
  weightsId: 'w',
  files: {},
  defaults: {
    pooling: { value: 'mean', guessed: false },
    normalize: { value: true, guessed: false },
    maxTokens: { value: 128, guessed: false },
    queryPrefix: { value: '', guessed: false },
    passagePrefix: { value: '', guessed: false },
  },
  sourceDtype: 'F32',
  createdAt: 0,
};
const startButtonIn = (body: string) => /<button[^>]*data-testid="start-run"[^>]*>/.exec(body)?.[0];
const textOf = (body: string): string =>
  body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

let databases = 0;
beforeEach(async () => {
  db = await openDatabase(`plan-${databases++}`);
});

describe('the step forecast', () => {
  it('equals the steps of the run, without the pairs held out for dev', async () => {
    const { experiment, state } = await opened();
    expect(state.plan).toBeNull();
    await state.countSplit();
    const { pairs } = await preparedData(db, experiment);
    const [stage] = experiment.stages;
    const batches = stage ? planBatches({ pairs, stage, stageIndex: 0, seed: experiment.seed }).batches : [];
    expect(state.plan).toEqual({ pairs: 76, steps: batches.length, atMost: false });
    const stageText = textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(stageText).toContain('76 pairs, 76 training steps');
  });

  it('is an upper bound while pairs share a text, until the worker has planned the batches and counted what is left out', async () => {
    const { state } = await opened(Array.from({ length: 20 }, (_, i) => ({ query: `问题${i}`, positive: '答' })));
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 100, steps: 100, atMost: true });
    const shown = () => textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(shown()).toContain('100 pairs, at most 100 training steps');
    state.planned(state.batchesKey, { steps: 90, leftOut: [[8, 12]] });
    expect(state.plan).toEqual({ pairs: 100, steps: 90, atMost: false });
    expect(shown()).toContain('100 pairs, 90 training steps');
    const leftOut = () => textOf(render(LeftOut, { props: { experiment: state } }).body);
    expect(leftOut()).toContain('Each epoch leaves out 8 to 12 pairs that fit no batch');
    state.change((e) => ({ ...e, seed: e.seed + 1 }));
    expect(leftOut()).toBe('');
  });

  it('loses the near-duplicates of test questions as soon as the experiment removes them', async () => {
    const { state } = await opened([{ query: '怎样在手机上修改登录密码呢', positive: '答' }]);
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 81, steps: 81, atMost: false });
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    expect(state.plan).toBeNull();
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 80, steps: 80, atMost: false });
    state.undo();
    await state.countSplit();
    expect(state.plan?.pairs).toBe(81);
  });

  it('is unknown until a changed split is counted, and stays when only dropout changes', async () => {
    const { state } = await opened();
    await state.countSplit();
    state.change((e) => ({ ...e, stages: e.stages.map((stage) => ({ ...stage, dropout: 0.1 })) }));
    expect(state.plan?.pairs).toBe(76);
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    expect(state.plan).toBeNull();
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 80, steps: 80, atMost: false });
  });
});

describe('everything that depends on the split', () => {
  it('is out of date with another model, whose tokenizer may fold case, and with other training pairs', async () => {
    const { state } = await opened();
    await state.countSplit();
    state.tokenizedFor = state.tokensKey;
    expect(state.stageStates.tokenize).toBe('done');
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    expect([state.plan, state.stageStates.tokenize]).toEqual([null, 'empty']);
    state.undo();
    expect([state.plan?.pairs, state.stageStates.tokenize]).toEqual([76, 'done']);
    state.change((experiment) => ({ ...experiment, model: experimentModelOf(model) }));
    expect(state.plan).toBeNull();
  });
});

describe('the training stage', () => {
  it('lists what is missing, including the base model of an empty experiment', async () => {
    const { state } = await opened();
    const shown = () => textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(shown()).toContain('Still missing: Base model.');
    state.change((experiment) => ({ ...experiment, data: [] }));
    expect(shown()).toContain('Still missing: Knowledge base, Training pairs, Test questions, Base model.');
  });

  it.each([
    ['benchmark', 'The benchmark is running'],
    ['export', 'An exported model is being checked'],
    ['run', 'A run is in progress'],
  ] as const)('disables the start button while the device is busy (%s) and says why', async (job, reason) => {
    const { state } = await opened();
    await state.setModel(model);
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false } }).body;
    const startButton = () => startButtonIn(shown());
    expect(startButton()).not.toContain(' disabled');
    await deviceJob.during(job, () => {
      expect(startButton()).toContain(' disabled');
      expect(textOf(shown())).toContain(reason);
      return Promise.resolve();
    });
    expect(textOf(shown())).not.toContain(reason);
  });
});

describe('a run that would be refused', () => {
  it('names the different passages that are too few for a batch, and the start button is disabled', async () => {
    const { state } = await opened();
    await state.setModel(model);
    const pairs = Array.from({ length: 80 }, (_, i) => ({ query: `问${i}`, positive: `答${i % 12}` }));
    await state.setDataset('pairs', await datasetOf('pairs', pairs));
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 16, avoidDuplicatePassages: true },
      })),
    }));
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false } }).body;
    await state.countSplit();
    expect(textOf(shown())).toContain('too few different passages (12) for a batch of 16');
    expect(startButtonIn(shown())).toContain(' disabled');
    expect(textOf(shown())).toContain('A run can’t start with these settings');
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 12, avoidDuplicatePassages: true },
      })),
    }));
    expect(startButtonIn(shown())).not.toContain(' disabled');
  });
});

describe('a batch that no selection of pairs can fill', () => {
  const batchesOf = (batchSize: number) => (experiment: Experiment) => ({
    ...experiment,
    stages: experiment.stages.map((stage) => ({
      ...stage,
      batching: { kind: 'seeded' as const, batchSize, avoidDuplicatePassages: true },
    })),
  });

  it('disables the start button with the reason before a run is started, until the settings change', async () => {
    const { state } = await opened();
    await state.setModel(model);
    // There are 11 different questions and 11 different passages, but any two pairs of the same half share one of them.
    const halves = Array.from({ length: 10 }, (_, i) => [
      { query: `问${i}`, positive: '同一个答案' },
      { query: '同一个问题', positive: `答${i}` },
    ]);
    await state.setDataset('pairs', await datasetOf('pairs', halves.flat()));
    state.change((e) => batchesOf(4)({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    const memory = new MemoryState();
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false, memory } }).body;
    expect(startButtonIn(shown())).not.toContain(' disabled');
    memory.askSoon(state);
    await vi.waitFor(() => expect(memory.refusal).toMatchObject({ kind: 'too-few-pairs', distinct: 'together' }));
    expect(startButtonIn(shown())).toContain(' disabled');
    expect(textOf(shown())).toContain('A run can’t start with these settings');

    state.change(batchesOf(2));
    memory.askSoon(state);
    expect(startButtonIn(shown())).not.toContain(' disabled');
    await vi.waitFor(() => expect(memory.progress).toBeNull());
    expect(memory.refusal).toBeNull();
  });
});

describe('the list of runs', () => {
  it('has a column for the number of steps and one for the step whose weights were kept', async () => {
    const { state } = await opened();
    const run = { runId: 'r', status: 'done', createdAt: 0, steps: 76 } as RunRecord;
    state.runs = [
      { ...run, keptStep: 50 },
      { ...run, runId: 's' },
    ];
    const { body } = render(RunList, { props: { experiment: state, current: null, onchoose: () => undefined } });
    const rows = body
      .split('<tr')
      .slice(1)
      .map((row) =>
        row
          .split(/<t[hd]/)
          .slice(1)
          .map((cell) => textOf(`<td${cell}`)),
      );
    expect(rows[0]?.slice(2)).toEqual(['Steps', 'Kept step']);
    expect(rows.slice(1).map((row) => row.slice(2))).toEqual([
      ['76', '50'],
      ['76', '–'],
    ]);
  });
});
