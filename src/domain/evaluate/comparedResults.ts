import * as v from 'valibot';
import { AppError, toAppError } from '../errors';
import { entryOf } from '../import/slots';
import { isObject } from '../isObject';
import { parseExperiment } from '../parseExperiment';
import { experimentModelSchema, type Experiment } from '../experiment';
import type { QuestionPart } from '../records';
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
const hash = v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))), null);
const pairsSchema = v.optional(
  v.nullable(
    v.object({
      name: v.string(),
      ids: v.array(v.string()),
      labels: v.array(v.pipe(v.number(), v.finite())),
      models: v.array(v.object({ name: v.string(), scores: v.array(v.pipe(v.number(), v.finite())) })),
    }),
  ),
  null,
);
const runSchema = v.object({
  experiment: v.unknown(),
  before: v.object({ passages: count }),
  ranksBefore: ranks,
  ranksAfter: ranks,
  rightScoresBefore: v.optional(scores, {}),
  rightScoresAfter: v.optional(scores, {}),
  modelName: v.optional(v.nullable(v.string()), null),
  questions: v.optional(questions, []),
  knowledgeBaseSha256: hash,
  weightsSha256: v.nullable(v.string()),
});
const evaluationSchema = v.object({
  command: v.literal('evaluate'),
  part: v.picklist(['dev', 'test']),
  data: v.unknown(),
  passages: count,
  knowledgeBaseSha256: hash,
  questions,
  models: v.array(
    v.object({
      name: v.string(),
      detail: v.string(),
      kind: v.picklist(['base', 'keywords', 'fused']),
      settings: v.nullable(experimentModelSchema),
      ranks,
      rightScores: scores,
    }),
  ),
  scoredPairs: pairsSchema,
});

/** The results of one folder. */
interface FolderResults {
  name: string;
  part: QuestionPart;
  experiment: Experiment;
  passages: number;
  /** Null if an earlier version wrote the folder. */
  knowledgeBaseSha256: string | null;
  questions: ReportedQuestion[];
  /** The base model of a run, or all that was evaluated without training. */
  untrained: Compared[];
  tuned: Compared | null;
  /** The scored pairs of an evaluation. */
  pairs: v.InferOutput<typeof pairsSchema>;
}
type Compared = Omit<ReportedModel, 'id' | 'passagesPerSecond' | 'bytes' | 'dimension'>;

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

/**
 * Reads the metrics.json of `npm run experiment` or `npm run evaluate`. Throws `results-invalid` if it has no valid
 * results of a single run or of an evaluation.
 */
export function folderResults(name: string, metrics: unknown): FolderResults {
  if (!isObject(metrics)) throw invalid(name);
  return metrics['command'] === 'evaluate' ? evaluationResults(name, metrics) : runResults(name, metrics);
}

function runResults(name: string, metrics: object): FolderResults {
  const parsed = v.safeParse(runSchema, metrics);
  if (!parsed.success) throw invalid(name);
  const { before, ranksBefore, ranksAfter, rightScoresBefore, rightScoresAfter, ...rest } = parsed.output;
  const experiment = experimentOf(name, rest.experiment);
  const model = rest.modelName ?? experiment.model?.contentSha256.slice(0, 12) ?? '';
  const settings = experiment.model;
  const base = { name: model, detail: '', kind: 'base' as const, settings };
  const tuned = { name, detail: model, kind: 'run' as const, settings };
  return {
    ...{ name, part: 'test', experiment, passages: before.passages },
    ...{ knowledgeBaseSha256: rest.knowledgeBaseSha256, questions: rest.questions },
    untrained: [{ ...base, results: resultsOf(ranksBefore, rightScoresBefore) }],
    pairs: null,
    tuned: { ...tuned, results: resultsOf(ranksAfter, rightScoresAfter) },
  };
}

function evaluationResults(name: string, metrics: object): FolderResults {
  const parsed = v.safeParse(evaluationSchema, metrics);
  if (!parsed.success) throw invalid(name);
  const { part, data, passages, knowledgeBaseSha256, questions: asked, models, scoredPairs: pairs } = parsed.output;
  if (
    pairs &&
    [pairs.ids, ...pairs.models.map((model) => model.scores)].some((list) => list.length !== pairs.labels.length)
  )
    throw new AppError({ kind: 'results-invalid', folder: name, at: 'scoredPairs' });
  const experiment = experimentOf(name, { data });
  const untrained = models.map(({ ranks: own, rightScores, ...model }): Compared => {
    return { ...model, results: resultsOf(own, rightScores) };
  });
  return { name, part, experiment, passages, knowledgeBaseSha256, questions: asked, untrained, tuned: null, pairs };
}

/** Scores of the same pairs by the models of several folders, and the folders with other pairs. */
export interface FolderPairs {
  name: string;
  ids: string[];
  labels: number[];
  /** `id`: the id in `comparedModels`. */
  scores: { id: string; scores: number[] }[];
  otherPairs: string[];
}

/** Joins the scored pairs of folders. The first folder with pairs decides which ones. Returns null without any. */
export function folderPairs(folders: readonly FolderResults[]): FolderPairs | null {
  const first = folders.find(({ pairs }) => pairs)?.pairs;
  if (!first) return null;
  const { name, ids, labels } = first;
  const scores = new Map<string, number[]>();
  const otherPairs: string[] = [];
  for (const { name: folder, pairs, untrained } of folders) {
    if (!pairs) continue;
    if (canonicalJson([pairs.ids, pairs.labels]) !== canonicalJson([ids, labels])) {
      otherPairs.push(folder);
      continue;
    }
    for (const { name: model, scores: own } of pairs.models) {
      const found = untrained.find((one) => one.name === model);
      if (found && !scores.has(modelId(found))) scores.set(modelId(found), own);
    }
  }
  return { name, ids, labels, scores: [...scores].map(([id, own]) => ({ id, scores: own })), otherPairs };
}

/** Identifies an untrained model in several folders: the same kind, settings and ranks. */
function modelId({ kind, settings, results }: Compared): string {
  const ranksOf = results.map(({ questionId, ranks: own }) => [questionId, own.map(String)]);
  return canonicalJson([kind, settings, ranksOf]);
}

/** Throws `results-differ` if two folders have other questions or another knowledge base. */
export function refuseOtherData(folders: readonly FolderResults[]): void {
  const [first, ...others] = folders;
  if (!first) return;
  for (const slot of ['knowledgeBase', 'testQuestions'] as const)
    for (const other of others)
      if (
        canonicalJson(dataOf(first, slot)) !== canonicalJson(dataOf(other, slot)) ||
        otherPassages(first, other, slot)
      )
        throw new AppError({ kind: 'results-differ', folder: other.name, first: first.name, slot });
}

/**
 * Returns what must be equal for data to count as the same: the data set's entry and, for the knowledge base, the
 * number of passages, because held-out pairs may have added some.
 */
const dataOf = ({ experiment, passages, part }: FolderResults, slot: 'knowledgeBase' | 'testQuestions') => [
  ...(slot === 'knowledgeBase'
    ? [entryOf(experiment, slot) ?? null, passages]
    : [entryOf(experiment, part === 'dev' ? 'devQuestions' : slot) ?? null, part]),
];

/** Whether the passages differ although their files and their number do not. Earlier versions wrote no hash of them. */
const otherPassages = (first: FolderResults, other: FolderResults, slot: 'knowledgeBase' | 'testQuestions'): boolean =>
  slot === 'knowledgeBase' &&
  first.knowledgeBaseSha256 !== null &&
  other.knowledgeBaseSha256 !== null &&
  first.knowledgeBaseSha256 !== other.knowledgeBaseSha256;

/**
 * Returns the models of several folders: everything untrained once, then what each folder trained. Untrained models are
 * the same if they have the same kind, settings and ranks; others of the same name get that of their folder.
 */
export function comparedModels(folders: readonly FolderResults[]): ReportedModel[] {
  const rest = { bytes: null, dimension: null, passagesPerSecond: null };
  const found = new Map<string, { folder: string; model: Compared }>();
  for (const { name, untrained } of folders)
    for (const model of untrained) {
      const id = modelId(model);
      if (!found.has(id)) found.set(id, { folder: name, model });
    }
  const named = [...found].map(([id, { folder, model }]): ReportedModel => {
    const alone = [...found.values()].every(({ model: other }) => other === model || other.name !== model.name);
    return { id, ...rest, ...model, name: alone ? model.name : `${model.name} (${folder})` };
  });
  const tuned = folders.flatMap((folder): ReportedModel[] =>
    folder.tuned ? [{ id: `tuned ${folder.name}`, ...rest, ...folder.tuned }] : [],
  );
  return [...named, ...tuned];
}
