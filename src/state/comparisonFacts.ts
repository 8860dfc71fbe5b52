import { bestModel, noExtras, type ReportFacts, type ReportedModel } from '../domain/report/reportFacts';
import { shownPassageIds } from '../domain/report/reportExamples';
import { toAppError } from '../domain/errors';
import type { Passage, Question, QuestionPart } from '../domain/records';
import { gateway } from './gateway';
import { reportedLabels } from './reportExtras';

/** The models and questions that a report of a comparison covers. Models without stored results are left out. */
export interface ComparisonRequest {
  experimentId: string;
  name: string;
  part: QuestionPart;
  k: number;
  baselineId: string;
  models: readonly Omit<ReportedModel, 'results' | 'passagesPerSecond'>[];
  failures?: ReportFacts['failures'];
}

export const reportedQuestion = ({ id, text, relevant, kept }: Question): ReportFacts['questions'][number] => {
  return { id, text, topic: kept?.topic ?? null, relevant };
};

/** Returns the facts of a comparison, from its stored results. */
export async function comparisonFacts(request: ComparisonRequest): Promise<ReportFacts> {
  const { experimentId, name, part, k, baselineId, failures = [] } = request;
  const data = await gateway.data();
  const compared = await data.comparedPart(experimentId, part);
  const { questions, passages, knowledgeBaseSha256, leftOut, models: stored, testUses } = compared;
  const byId = new Map(stored.map((model) => [model.id, model]));
  const models = request.models.flatMap((model): ReportedModel[] => {
    const found = byId.get(model.id);
    return found ? [{ ...model, results: found.results, passagesPerSecond: found.passagesPerSecond }] : [];
  });
  const ids = models.map(({ id }) => id);
  const { rows } = await data.compareTable({ experimentId, part, ids, baselineId, k });
  const judgedId = bestModel(rows, baselineId, k);
  const labelled = { owner: { experimentId, part }, ids, pair: { before: baselineId, after: judgedId }, k };
  const facts = {
    name,
    createdAt: Date.now(),
    build: __BUILD__,
    part,
    k,
    passages,
    knowledgeBaseSha256,
    leftOut,
    testUses,
    questions: questions.map(reportedQuestion),
    models,
    rows,
    baselineId,
    judgedId,
    extras: {
      ...noExtras,
      labels: await reportedLabels(experimentId, labelled),
      pairs: await reportedPairs(experimentId, ids, baselineId),
    },
    training: null,
    findings: null,
    failures,
  };
  const shown = await data.comparedPassages(experimentId, part, shownPassageIds(facts));
  return { ...facts, texts: textsOf(shown) };
}

/** Returns what the models scored on the pairs that they are compared on, or null without pairs or scores. */
async function reportedPairs(
  experimentId: string,
  ids: readonly string[],
  baselineId: string,
): Promise<ReportFacts['extras']['pairs']> {
  const data = await gateway.data();
  const set = await data.comparedPairs(experimentId).catch((thrown: unknown) => {
    // The file of pairs was deleted; the rest of the report does not need it.
    if (toAppError(thrown).details.kind === 'data-missing') return null;
    throw thrown;
  });
  const scored = ids.filter((id) => set?.ids.includes(id));
  const [first] = scored;
  if (!set || first === undefined) return null;
  const base = scored.includes(baselineId) ? baselineId : first;
  const { rows, pairs, scores } = await data.pairTable({ experimentId, ids: scored, baselineId: base });
  const { name, trainedOn, unchecked } = set;
  return { name, trainedOn, unchecked, baselineId: base, rows, ...pairs, scores, otherPairs: [] };
}

export const textsOf = (passages: readonly Passage[]): Map<string, string> =>
  new Map(passages.map(({ id, text }) => [id, text]));
