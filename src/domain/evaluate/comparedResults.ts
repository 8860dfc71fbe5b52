import * as v from 'valibot';
import { AppError, toAppError } from '../errors';
import { entryOf } from '../import/slots';
import { isObject } from '../isObject';
import { parseExperiment } from '../parseExperiment';
import type { Experiment } from '../experiment';
import { canonicalJson } from '../canonicalJson';
import type { ReportedModel, ReportedQuestion } from '../report/reportFacts';
import type { QuestionResult } from './evaluation';

/**
 * The results of earlier commands that `npm run compare` compares, read from metrics.json. The file may come from
 * anyone, so a schema validates every field that is used.
 */

/** Rank of a passage, or null if it was not found. */
const rank = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const ranks = v.record(v.string(), v.array(rank));
const scores = v.record(v.string(), v.nullable(v.pipe(v.number(), v.finite())));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const questions = v.array(
  v.object({
    id: v.string(),
    text: v.string(),
    topic: v.optional(v.nullable(v.string()), null),
    relevant: v.array(v.string()),
  }),
);
const resultsSchema = v.object({
  experiment: v.unknown(),
  before: v.object({ passages: count }),
  ranksBefore: ranks,
  ranksAfter: ranks,
  rightScoresBefore: v.optional(scores, {}),
  rightScoresAfter: v.optional(scores, {}),
  modelName: v.optional(v.nullable(v.string()), null),
  questions: v.optional(questions, []),
  weightsSha256: v.nullable(v.string()),
});

/** The results of one folder. */
interface FolderResults {
  name: string;
  experiment: Experiment;
  passages: number;
  questions: ReportedQuestion[];
  base: Compared;
  tuned: Compared;
}
type Compared = Omit<ReportedModel, 'id' | 'passagesPerSecond' | 'bytes' | 'dimension' | 'kind'>;

function invalid(folder: string): AppError {
  return new AppError({ kind: 'results-invalid', folder });
}

function experimentOf(folder: string, experiment: unknown): Experiment {
  try {
    return parseExperiment(experiment);
  } catch (thrown) {
    const { details } = toAppError(thrown);
    if (details.kind !== 'experiment-invalid') throw thrown;
    throw new AppError({ kind: 'results-invalid', folder, at: ['experiment', details.path].filter(Boolean).join('.') });
  }
}

function resultsOf(
  byQuestion: Record<string, (number | null)[]>,
  rightScores: Record<string, number | null>,
): QuestionResult[] {
  return Object.entries(byQuestion).map(([questionId, given]) => {
    const found = given.map((one) => one ?? Infinity).sort((a, b) => a - b);
    const score = rightScores[questionId] ?? null;
    return { questionId, ranks: found, top: [], ...(score === null ? {} : { rightScore: score }) };
  });
}

/** Reads the metrics.json of an experiment. Throws `results-invalid` if it has no valid results of a single run. */
export function folderResults(name: string, metrics: unknown): FolderResults {
  const parsed = isObject(metrics) ? v.safeParse(resultsSchema, metrics) : null;
  if (!parsed?.success) throw invalid(name);
  const { before, ranksBefore, ranksAfter, rightScoresBefore, rightScoresAfter, ...rest } = parsed.output;
  const experiment = experimentOf(name, rest.experiment);
  const model = rest.modelName ?? experiment.model?.contentSha256.slice(0, 12) ?? '';
  const settings = experiment.model;
  return {
    name,
    experiment,
    passages: before.passages,
    questions: rest.questions,
    base: { name: model, detail: '', settings, results: resultsOf(ranksBefore, rightScoresBefore) },
    tuned: { name, detail: model, settings, results: resultsOf(ranksAfter, rightScoresAfter) },
  };
}

/** Throws `results-differ` if two folders have other test questions or another knowledge base. */
export function refuseOtherData(folders: readonly FolderResults[]): void {
  const [first, ...others] = folders;
  if (!first) return;
  for (const slot of ['knowledgeBase', 'testQuestions'] as const)
    for (const other of others)
      if (canonicalJson(dataOf(first, slot)) !== canonicalJson(dataOf(other, slot)))
        throw new AppError({ kind: 'results-differ', folder: other.name, first: first.name, slot });
}

/**
 * Returns what must be equal for data to count as the same: the data set's entry and, for the knowledge base, the
 * number of passages, because held-out pairs may have added some.
 */
const dataOf = ({ experiment, passages }: FolderResults, slot: 'knowledgeBase' | 'testQuestions') => [
  entryOf(experiment, slot) ?? null,
  ...(slot === 'knowledgeBase' ? [passages] : []),
];

/**
 * Returns the models of several folders: every base model once, then what each folder trained. Base models with the
 * same settings and ranks count as one; different models of the same name are named after their folders.
 */
export function comparedModels(folders: readonly FolderResults[]): ReportedModel[] {
  const rest = { bytes: null, dimension: null, passagesPerSecond: null };
  const bases = new Map<string, { folder: string; base: Compared }>();
  for (const { name, base } of folders) {
    const ranksOf = base.results.map(({ questionId, ranks: own }) => [questionId, own.map(String)]);
    const id = canonicalJson([base.settings, ranksOf]);
    if (!bases.has(id)) bases.set(id, { folder: name, base });
  }
  const named = [...bases].map(([id, { folder, base }]): ReportedModel => {
    const alone = [...bases.values()].every((other) => other.base === base || other.base.name !== base.name);
    return { id, kind: 'base', ...rest, ...base, name: alone ? base.name : `${base.name} (${folder})` };
  });
  const tuned = folders.map((folder): ReportedModel => ({
    id: `tuned ${folder.name}`,
    kind: 'run',
    ...rest,
    ...folder.tuned,
  }));
  return [...named, ...tuned];
}
