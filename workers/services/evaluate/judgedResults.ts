import { correctedResults } from '../../../src/domain/evaluate/correctedResults';
import { labelChanges, type LabelChange, type LabelChanges } from '../../../src/domain/evaluate/labelDecisions';
import { questionFigures, type NamedResults } from '../../../src/domain/evaluate/questionFigures';
import { shownPassages } from '../../../src/domain/evaluate/ranking';
import { AppError, toAppError } from '../../../src/domain/errors';
import type { Passage } from '../../../src/domain/records';
import type {
  FilteredQuestion,
  FiguresRequest,
  LabelledFigures,
  ResultsOwner,
} from '../../../src/protocol/questionFigures';
import { getComparison } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { getEvaluation } from '../../../src/storage/evaluations';
import { getExperiment } from '../../../src/storage/experiments';
import { getRun } from '../../../src/storage/runs';
import { comparedData, type ComparedData } from './comparedData';
import { currentResults } from './comparedPart';
import { comparisonKey } from './compareModels';

/** Questions with the results of models, and the changes that the user's decisions make to their labels. */
interface JudgedQuestions {
  data: ComparedData;
  changes: LabelChanges;
}

/** Returns the data that results belong to. */
export async function dataOfOwner(db: Database, owner: ResultsOwner): Promise<ComparedData> {
  if ('runId' in owner) return comparedData(db, owner, 'test');
  return comparedData(db, { experimentId: owner.experimentId }, owner.part);
}

async function experimentIdOf(db: Database, owner: ResultsOwner): Promise<string> {
  if (!('runId' in owner)) return owner.experimentId;
  const run = await getRun(db, owner.runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: owner.runId });
  return run.experimentId;
}

/** Returns the data of results, and the changes that the user's decisions make to its labels. */
export async function judgedQuestions(db: Database, owner: ResultsOwner): Promise<JudgedQuestions> {
  const data = await dataOfOwner(db, owner);
  const decisions = (await getExperiment(db, await experimentIdOf(db, owner)))?.labelDecisions ?? [];
  const part = 'runId' in owner ? 'test' : owner.part;
  const changes = labelChanges(data.questions, decisions, part, (id) => data.order.indexOf.has(id));
  return { data, changes };
}

/** Returns the stored results of models. Skips those that have none. */
async function resultsOf(
  db: Database,
  owner: ResultsOwner,
  ids: readonly string[],
  data: ComparedData | null,
): Promise<NamedResults[]> {
  const found = new Map<string, NamedResults['results']>();
  if ('runId' in owner) {
    for (const moment of ['before', 'after'] as const) {
      const evaluation = await getEvaluation(db, owner.runId, 'test', moment);
      if (evaluation) found.set(moment, evaluation.results);
    }
    const key = data && (await comparisonKey(db, { kind: 'keywords' }, data));
    const keywords = key && (await getComparison(db, await experimentIdOf(db, owner), key));
    if (keywords) found.set('keywords', keywords.results);
  } else if (data)
    for (const { id, stored } of await currentResults(db, owner.experimentId, owner.part, data))
      found.set(id, stored.results);
  return ids.flatMap((id) => {
    const results = found.get(id);
    return results ? [{ id, results }] : [];
  });
}

/** Returns null if the data of a run was deleted. Its own results can still be counted by the imported labels. */
async function judgedOrDeleted(db: Database, owner: ResultsOwner): Promise<JudgedQuestions | null> {
  try {
    return await judgedQuestions(db, owner);
  } catch (thrown) {
    if (!('runId' in owner) || toAppError(thrown).details.kind !== 'data-missing') throw thrown;
    return null;
  }
}

/**
 * Returns the figures of models on sets of questions, by the imported labels and by the changed ones. If the data of a
 * run was deleted, returns those of its own two models by the imported labels.
 * @throws not-found if the run was deleted; data-missing; nothing-to-evaluate.
 */
export async function figuresOf(
  db: Database,
  { owner, ids, sets, ...asked }: FiguresRequest,
): Promise<LabelledFigures[]> {
  const judged = await judgedOrDeleted(db, owner);
  const models = await resultsOf(db, owner, ids, judged?.data ?? null);
  const changed = [...(judged?.changes.byQuestion.values() ?? [])];
  return sets.map((set) => {
    if (!set) return figuresOn(models, changed, judged, asked);
    const wanted = new Set(set);
    const only = <Of extends { questionId: string }>(list: readonly Of[]): Of[] =>
      list.filter(({ questionId }) => wanted.has(questionId));
    const some = models.map(({ id, results }) => ({ id, results: only(results) }));
    return figuresOn(some, only(changed), judged, asked);
  });
}

/** Returns the figures of results. `changed` are the changes of their questions. */
function figuresOn(
  models: readonly NamedResults[],
  changed: readonly LabelChange[],
  judged: JudgedQuestions | null,
  { pair, k }: Pick<FiguresRequest, 'pair' | 'k'>,
): LabelledFigures {
  const imported = questionFigures(models, pair, k);
  if (!judged) return { imported, corrected: null, stale: 0 };
  const { data, changes } = judged;
  if (changed.length === 0) return { imported, corrected: null, stale: changes.stale };
  const relevant = new Map(data.questions.map((question) => [question.id, question.relevant]));
  const corrected = models.map(({ id, results }) => ({ id, ...correctedResults(results, relevant, changes) }));
  const most = (counts: number[]): number => counts.reduce((a, b) => Math.max(a, b), 0);
  const figures = questionFigures(corrected, pair, k);
  // An unknown rank counts as not found. It may be among the first k only beyond the stored passages.
  const isKnown = k <= shownPassages || corrected.every(({ id, inexact }) => !isIn(pair, id) || inexact === 0);
  return {
    imported,
    corrected: {
      ...figures,
      answer: isKnown ? figures.answer : null,
      changes: changed.reduce((sum, { added, removed }) => sum + added.length + removed.length, 0),
      changed: changed.length,
      unanswered: most(corrected.map(({ unanswered }) => unanswered)),
      inexact: most(corrected.map(({ inexact }) => inexact)),
    },
    stale: changes.stale,
  };
}

const isIn = ({ before, after }: FiguresRequest['pair'], id: string): boolean => id === before || id === after;

/** Returns the questions with their topic and document. If a question has none, those of its first right passage. */
export async function listQuestions(db: Database, owner: ResultsOwner): Promise<FilteredQuestion[]> {
  const { questions, passages, order } = await dataOfOwner(db, owner);
  return questions.map(({ id, text, relevant, kept }) => {
    const right: Passage | undefined = passages[order.indexOf.get(relevant[0] ?? '') ?? -1];
    const topic = kept?.topic ?? right?.kept?.topic ?? null;
    const document = kept?.document ?? right?.kept?.document ?? null;
    return { id, text, relevant, topic, document };
  });
}
