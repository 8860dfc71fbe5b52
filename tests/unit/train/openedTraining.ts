import { vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { DataRole } from '../../../src/domain/records';
import type { DataApi } from '../../../src/protocol/dataApi';
import { getExperiment, putExperiment } from '../../../src/storage/experiments';
import { importDataset } from '../../../workers/services/import/importDataset';
import { countSplit } from '../../../workers/services/split/countSplit';
import { preparedData } from '../../../workers/services/split/preparedData';
import { stageBatches } from '../../../workers/services/train/stageBatches';
import { browser, ExperimentState } from '../state/experimentPage';
import { freshDatabase, storedExperiment } from '../storage/support';

Object.assign(browser.data, {
  countSplit: ((...given) => countSplit(browser.db, ...given)) satisfies DataApi['countSplit'],
  tokenize: () => Promise.resolve({}),
});
// Answers only with the batches, because an experiment without a stored model has no memory plan.
Object.assign(browser.gpu, {
  planMemory: async (id: string) => {
    const { experiment } = (await getExperiment(browser.db, id)) ?? {};
    if (experiment) await stageBatches(browser.db, experiment, await preparedData(browser.db, experiment));
    return null;
  },
});
/** The page's runs. A test adds what it needs. */
export const jobs: { follow?: (runId: string) => object } = {};
vi.doMock('../../../src/state/jobs.svelte', () => ({ jobs }));
// The tests look only at the stage's own text, so empty components replace its other parts.
const replaced = [
  'train/Hyperparameters',
  'train/AdvancedSettings',
  'train/Strategy',
  'train/RunCurves',
  'train/BatchView',
  'common/RunControls',
  'report/ReportDownloads',
];
for (const part of replaced) vi.doMock(`../../../src/ui/${part}.svelte`, () => ({ default: () => undefined }));
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('__BUILD__', 'test');
export const { default: TrainStage } = await import('../../../src/ui/train/TrainStage.svelte');

/** Imports rows and returns their data set. */
export async function datasetOf(role: DataRole, rows: object[]) {
  const file = new File([JSON.stringify(rows)], `${role}.json`);
  return (await importDataset(browser.db, [file], role, () => undefined)).dataset;
}
async function stored(role: 'knowledgeBase' | 'pairs' | 'questions', rows: object[]) {
  return (await datasetOf(role, rows)).contentSha256;
}
/**
 * Opens an experiment with 80 pairs, batches of 2 and 2 epochs in an empty database. The default split holds out 4
 * pairs for dev.
 */
export async function openedTraining(added: object[] = []) {
  browser.db = await freshDatabase();
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
  const experimentId = crypto.randomUUID();
  await putExperiment(browser.db, storedExperiment(experimentId, { experiment }));
  const state = new ExperimentState(experimentId);
  await state.load();
  return { experiment, state };
}
export const model: StoredModel = {
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
  tensors: [{ name: 'embeddings.LayerNorm.bias', shape: [1], offset: 0, length: 1 }],
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
export const startButtonIn = (body: string) => /<button[^>]*data-testid="start-run"[^>]*>/.exec(body)?.[0];
export const textOf = (body: string): string =>
  body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
