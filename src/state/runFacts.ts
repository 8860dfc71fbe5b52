import type { QuestionResult } from '../domain/evaluate/evaluation';
import type { CompareRow } from '../domain/evaluate/compareTable';
import type { NamedProbe } from '../domain/evaluate/probe';
import { toAppError } from '../domain/errors';
import { slotNames, entryOf, type SlotName } from '../domain/import/slots';
import { shownPassageIds } from '../domain/report/reportExamples';
import type { ReportFacts, ReportedModel, ReportedTraining } from '../domain/report/reportFacts';
import type { RunRecord } from '../domain/run';
import type { SplitCounts } from '../protocol/dataApi';
import { examine } from '../domain/train/doctor/examine';
import type { Finding } from '../domain/train/doctor/finding';
import { reportedQuestion, textsOf } from './comparisonFacts';
import { gateway } from './gateway';
import { runExtras } from './reportExtras';

/** Names and details of the models of a run's report. */
export interface RunLabels {
  before: { name: string; detail: string };
  after: { name: string; detail: string };
  keywords: { name: string; detail: string };
}

interface RunReportRequest {
  /** Name of the experiment. */
  name: string;
  k: number;
  labelsOf: (model: string) => RunLabels;
  /** How often the test questions have been used. */
  testUses: number | null;
  /** The probe set whose results are reported; the shipped one by default. */
  probe?: NamedProbe | null;
  /** Findings of the checks before the run, if known. */
  findings?: readonly Finding[];
}

/** Repeats the checks that a run's experiment passed before the run. Returns null if its model is no longer stored. */
export async function findingsOf(
  { experiment }: Pick<RunRecord, 'experiment'>,
  split: SplitCounts,
): Promise<Finding[] | null> {
  const data = await gateway.data();
  try {
    return examine(experiment, {
      model: (await gateway.getModel(experiment.model?.contentSha256 ?? '')) ?? null,
      split,
      texts: await data.examineTexts(experiment, () => undefined),
      memory: null,
    });
  } catch (thrown) {
    if (toAppError(thrown).details.kind === 'model-missing') return null;
    throw thrown;
  }
}

async function trainingOf(run: RunRecord, model: string, pairs: number): Promise<ReportedTraining> {
  const { experiment } = run;
  const rows: Partial<Record<SlotName, number>> = {};
  for (const slot of slotNames) {
    const dataset = await gateway.getDataset(entryOf(experiment, slot)?.contentSha256 ?? '');
    if (dataset) rows[slot] = dataset.rows;
  }
  return {
    ...{ model, experiment, rows, pairs, device: run.device },
    keptStep: run.keptStep ?? run.steps,
    steps: run.stoppedStep ?? run.steps,
    experimentHash: run.experimentHash,
    weightsSha256: run.weightsSha256 ?? '',
  };
}

/** Returns the test results of a run: before and after training, and of the keyword search. */
async function modelsOf(run: RunRecord, labels: RunLabels, k: number): Promise<ReportedModel[]> {
  const read = (moment: 'before' | 'after') => gateway.getEvaluation(run.runId, 'test', moment);
  const [before, after] = [await read('before'), await read('after')];
  if (!before || !after) return [];
  const data = await gateway.data();
  const keyword = await data.compareWithKeywords(run.runId, [k], () => undefined);
  const settings = run.experiment.model;
  const size = await gateway.getModel(settings?.contentSha256 ?? '');
  const dense = {
    ...{ kind: 'run' as const, settings, passagesPerSecond: null },
    bytes: size ? size.totalFloats * 4 : null,
    dimension: size ? size.config.hiddenSize : null,
  };
  const none = { kind: 'keywords' as const, settings: null, passagesPerSecond: null, bytes: null, dimension: null };
  const model = (id: keyof RunLabels, results: QuestionResult[]): ReportedModel => {
    return { id, ...labels[id], ...(id === 'keywords' ? none : dense), results };
  };
  return [model('before', before.results), model('keywords', keyword.results), model('after', after.results)];
}

/**
 * Returns the table of a run. The keyword search is a floor rather than a candidate, so it does not count as another
 * comparison: the p-value after training is the same as in the evaluation's answer.
 */
async function rowsOf(models: readonly ReportedModel[], k: number): Promise<CompareRow[]> {
  const data = await gateway.data();
  const table = async (ids: readonly string[]) => {
    const lists = models.filter(({ id }) => ids.includes(id)).map(({ id, results }) => ({ id, results }));
    return (await data.tableOfResults(lists, 'before', k)).rows;
  };
  const own = await table(['before', 'after']);
  const floor = (await table(['before', 'keywords'])).filter(({ id }) => id === 'keywords');
  return [...own.slice(0, 1), ...floor, ...own.slice(1)];
}

/**
 * Returns the facts of a finished run's report, or null if the run has not been evaluated on test.
 * @throws data-missing if its data was deleted: questions and passages could not be shown.
 */
export async function runFacts(run: RunRecord, request: RunReportRequest): Promise<ReportFacts | null> {
  const { name, k, labelsOf, testUses } = request;
  const model = (await gateway.getModel(run.experiment.model?.contentSha256 ?? ''))?.name ?? '';
  const labels = labelsOf(model);
  const models = await modelsOf(run, labels, k);
  if (models.length === 0) return null;
  const data = await gateway.data();
  const { questions, leftOut, knowledgeBaseSha256 } = await data.runQuestions(run.runId);
  const before = await gateway.getEvaluation(run.runId, 'test', 'before');
  const split = await data.countSplit(run.experiment, () => undefined);
  const facts = {
    ...{ name, createdAt: Date.now(), build: __BUILD__, part: 'test' as const, k },
    ...{ passages: before?.metrics.passages ?? 0, knowledgeBaseSha256, leftOut, testUses },
    ...{
      questions: questions.map(reportedQuestion),
      models,
      rows: await rowsOf(models, k),
      baselineId: 'before',
      judgedId: 'after',
    },
    ...{ training: await trainingOf(run, model, split.train), failures: [] },
    extras: await runExtras(run, {
      ...{ k, ids: models.map(({ id }) => id) },
      names: { before: labels.before.name, after: labels.after.name },
      probe: request.probe ?? null,
    }),
    findings: request.findings ?? (await findingsOf(run, split)),
  };
  return { ...facts, texts: textsOf(await data.runPassages(run.runId, shownPassageIds(facts))) };
}
