import { demoDataFiles, demoModelFiles } from '../../../src/domain/import/demoInputs';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, defaultStage, experimentModelOf, type Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { restoreExperiment } from '../../../src/storage/deletedExperiments';
import { putExperiment } from '../../../src/storage/experiments';
import { importDataset, storedPassages } from './importDataset';
import { importModel } from './importModel';

/** A fixed id: starting the demo again replaces its experiment instead of adding another one to the home screen. */
const demoExperimentId = 'demo';
/** Used if the page gives no name in the user's language. */
const demoName = '猪场知识库';

async function fetchFile(url: string, name: string): Promise<File> {
  const response = await fetch(url);
  if (!response.ok) throw new AppError({ kind: 'download-failed', url, status: response.status });
  return new File([await response.blob()], name);
}

interface DemoData {
  knowledgeBase: string;
  pairs: string;
  dev: string;
  test: string;
}

async function importData(db: Database, baseUrl: string, done: () => void): Promise<DemoData> {
  const imported = async (file: string, role: DataRole, passages?: PassageLookup): Promise<string> => {
    const source = await fetchFile(`${baseUrl}demo/${file}`, file);
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

async function importDemoModel(db: Database, baseUrl: string, done: () => void): Promise<StoredModel> {
  const files = [];
  for (const path of demoModelFiles) {
    files.push({ path, file: await fetchFile(`${baseUrl}models/demo-zh/${path}`, path.split('/').at(-1) ?? path) });
    done();
  }
  return importModel(files, 'demo-zh', () => undefined, db);
}

/** Enough for the demo's longest passage. The model accepts more, but would take longer. */
const demoMaxTokens = 128;

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
    model: { ...experimentModelOf(model), maxTokens: demoMaxTokens },
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
  const model = await importDemoModel(db, baseUrl, done);
  const experiment = demoExperiment(data, model);
  const now = Date.now();
  if (await db.getKey('experiments', demoExperimentId)) await restoreExperiment(db, demoExperimentId);
  await putExperiment(db, {
    experimentId: demoExperimentId,
    name,
    experiment,
    createdAt: now,
    updatedAt: now,
    demo: true,
  });
  done();
  return { experimentId: demoExperimentId };
}
