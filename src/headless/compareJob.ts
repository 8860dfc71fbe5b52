import { comparisonMetrics } from '../domain/report/comparisonMetrics';
import { comparedModels, folderPairs, folderResults, refuseOtherData } from '../domain/evaluate/comparedResults';
import { AppError } from '../domain/errors';
import { bestModel, noExtras, type ReportFacts } from '../domain/report/reportFacts';
import { gateway } from '../state/gateway';
import { en } from '../ui/i18n/en';
import type { CompareJob } from './jobRoutes';

/** Compares the results of earlier commands by their ranks, without evaluating anything again. */
export async function runFolderComparison(job: CompareJob): Promise<{ facts: ReportFacts; metrics: object }> {
  const folders = job.folders.map(({ name, metrics }) => folderResults(name, metrics));
  refuseOtherData(folders);
  const models = comparedModels(folders).map((model) =>
    model.kind === 'base' && model.detail === '' ? { ...model, detail: en.compare.untrained } : model,
  );
  const [first] = models;
  const baseline = job.baseline === undefined ? first : models.find(({ name }) => name === job.baseline);
  if (!baseline || !folders[0])
    throw new AppError({
      ...{ kind: 'experiment-invalid', path: '--baseline', found: job.baseline ?? '' },
      expected: models.map(({ name }) => name),
    });
  const k = job.k ?? 1;
  const lists = models.map(({ id, results }) => ({ id, results }));
  const { rows } = await (await gateway.data()).tableOfResults(lists, baseline.id, k);
  const facts: ReportFacts = {
    ...{ name: job.name, createdAt: Date.now(), build: __BUILD__, part: folders[0].part, k },
    ...{ passages: folders[0].passages, knowledgeBaseSha256: folders[0].knowledgeBaseSha256 },
    ...{ leftOut: null, testUses: null, questions: questionsOf(folders) },
    ...{ models, rows, baselineId: baseline.id, judgedId: bestModel(rows, baseline.id, k) },
    ...{
      training: null,
      findings: null,
      failures: [],
      extras: { ...noExtras, pairs: await pairsOf(folders, baseline.id) },
      texts: new Map(),
    },
  };
  const environment = { build: __BUILD__, browser: navigator.userAgent };
  return { facts, metrics: { ...comparisonMetrics(facts), environment } };
}

/** Returns the correlations of the folders' scored pairs, or null without any. */
async function pairsOf(
  folders: readonly ReturnType<typeof folderResults>[],
  baselineId: string,
): Promise<ReportFacts['extras']['pairs']> {
  const pairs = folderPairs(folders);
  const [first] = pairs?.scores ?? [];
  if (!pairs || !first) return null;
  const base = pairs.scores.some(({ id }) => id === baselineId) ? baselineId : first.id;
  const rows = await (await gateway.data()).pairTableOf(pairs.scores, pairs.labels, base);
  return { ...pairs, trainedOn: null, unchecked: null, baselineId: base, rows };
}

/** Folders written by earlier versions lack the texts of questions, which are then shown by their ids. */
function questionsOf(folders: readonly ReturnType<typeof folderResults>[]): ReportFacts['questions'] {
  const known = folders.find(({ questions }) => questions.length > 0)?.questions;
  if (known) return known;
  const ids = folders[0]?.untrained[0]?.results.map(({ questionId }) => questionId) ?? [];
  return ids.map((id) => ({ id, text: id, topic: null, relevant: [] }));
}
