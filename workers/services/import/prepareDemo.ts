import { canonicalJson } from '../../../src/domain/canonicalJson';
import { demoDataFiles, demoHashes, demoModelFiles } from '../../../src/domain/import/demoInputs';
import { AppError } from '../../../src/domain/errors';
import {
  defaultExperiment,
  defaultStage,
  experimentModelOf,
  type Experiment,
  type ExperimentModel,
} from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { listExperiments, putExperiment } from '../../../src/storage/experiments';
import { getModel } from '../../../src/storage/models';
import { fetchDemoFile, type DemoFetch } from './demoFiles';
import { importDataset } from './importDataset';
import { importDemoModel } from './importDemoModel';
import { storedPassages } from './storedPassages';

/** Name of the demo if the page does not pass one in the user's language. */
const demoName = '猪场知识库';

interface DemoData {
  knowledgeBase: string;
  pairs: string;
  dev: string;
  test: string;
}

async function importData(db: Database, baseUrl: string, done: () => void): Promise<DemoData> {
  const imported = async (file: string, role: DataRole, passages?: PassageLookup): Promise<string> => {
    const source = await fetchDemoFile(`${baseUrl}demo/${file}`, file);
    const report = await importDataset(db, [source], role, () => undefined, passages ? { passages } : {});
    const [bad] = report.rejectedCount + report.ignoredCount > 0 ? report.rejected : [];
    if (bad) throw new AppError({ kind: 'import-failed', ...bad });
    done();
    return report.dataset.contentSha256;
  };
  const knowledgeBase = await imported(demoDataFiles.knowledgeBase, 'knowledgeBase');
  const passages = await storedPassages(db, knowledgeBase);
  return {
    knowledgeBase,
    pairs: await imported(demoDataFiles.pairs, 'pairs', passages),
    dev: await imported(demoDataFiles.devQuestions, 'questions', passages),
    test: await imported(demoDataFiles.testQuestions, 'questions', passages),
  };
}

/** Length limit in tokens, enough for the demo's longest passage. The model accepts more, but would take longer. */
const demoMaxTokens = 128;

const demoModelSettings = (model: Pick<StoredModel, 'contentSha256' | 'defaults'>): ExperimentModel => ({
  ...experimentModelOf(model),
  maxTokens: demoMaxTokens,
});

function demoExperiment(data: DemoData, model: Pick<StoredModel, 'contentSha256' | 'defaults'>): Experiment {
  const stage = defaultStage();
  const standard = defaultExperiment();
  return {
    ...standard,
    data: [
      { role: 'knowledgeBase', contentSha256: data.knowledgeBase },
      { role: 'pairs', contentSha256: data.pairs },
      { role: 'questions', part: 'dev', contentSha256: data.dev },
      { role: 'questions', part: 'test', contentSha256: data.test },
    ],
    model: demoModelSettings(model),
    stages: [
      {
        ...stage,
        batching: { kind: 'seeded', batchSize: 16, avoidDuplicatePassages: true },
        duration: { unit: 'epochs', value: 2 },
      },
    ],
    evaluation: { ...standard.evaluation, devEverySteps: 25, checkpoint: 'bestDev' },
  };
}

/**
 * Stores the demo's experiment and returns its id. If an unedited demo is already stored, returns that one, so that
 * starting the demo again does not add a second one to the home screen. An edited demo belongs to the user and is not
 * touched.
 */
async function storeDemo(db: Database, experiment: Experiment, name: string): Promise<string> {
  const demos = (await listExperiments(db)).filter(({ demo }) => demo);
  const unedited = demos.find((stored) => canonicalJson(stored.experiment) === canonicalJson(experiment));
  if (unedited) return unedited.experimentId;
  // A deleted demo keeps its id, because it can still be restored.
  const taken = (await db.getKey('experiments', 'demo')) !== undefined;
  const experimentId = taken ? crypto.randomUUID() : 'demo';
  const now = Date.now();
  await putExperiment(db, { experimentId, name, experiment, createdAt: now, updatedAt: now, demo: true });
  return experimentId;
}

/**
 * Imports the data in public/demo and the model in public/models/demo-zh, and stores the demo's experiment under
 * `name`.
 * @throws download-failed if a file cannot be fetched, import-failed if the demo's data has a faulty row.
 */
export async function prepareDemo(
  db: Database,
  baseUrl: string,
  progress: Progress,
  name = demoName,
): Promise<{ experimentId: string }> {
  const of = Object.keys(demoDataFiles).length + demoModelFiles.length + 1;
  let files = 0;
  const done = (): void => progress((files += 1), of);
  const data = await importData(db, baseUrl, done);
  const model = await importDemoModel(db, baseUrl, { fetched: done });
  const experimentId = await storeDemo(db, demoExperiment(data, model), name);
  done();
  return { experimentId };
}

/**
 * Stores the demo's knowledge base and model, which a question needs, unless they are already stored. Reports the
 * received bytes of the weights.
 * @throws download-failed if a file cannot be fetched, cancelled if the signal aborts.
 */
export async function prepareDemoSearch(
  db: Database,
  baseUrl: string,
  fetching: DemoFetch,
): Promise<{ knowledgeBase: string; model: ExperimentModel }> {
  const { knowledgeBase, model: modelSha256 } = demoHashes;
  if (!(await getDataset(db, knowledgeBase))) {
    const name = demoDataFiles.knowledgeBase;
    const { signal } = fetching;
    const file = await fetchDemoFile(`${baseUrl}demo/${name}`, name, signal ? { signal } : {});
    await importDataset(db, [file], 'knowledgeBase', () => undefined);
  }
  const stored = await getModel(db, modelSha256);
  return {
    knowledgeBase,
    model: demoModelSettings(stored ?? (await importDemoModel(db, baseUrl, { fetching }))),
  };
}
