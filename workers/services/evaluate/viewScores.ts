import type { DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { answersOf, scoreHistograms, type QuestionScores } from '../../../src/domain/evaluate/questionScores';
import {
  chooseThreshold,
  curvesOf,
  figuresAt,
  thinned,
  type ThresholdRule,
} from '../../../src/domain/evaluate/threshold';
import { AppError, toAppError } from '../../../src/domain/errors';
import type { QuestionPart } from '../../../src/domain/records';
import { cutAt } from '../../../src/domain/wellFormed';
import type { PartScores, ScoredModel, ScoreOwner, ScoreView } from '../../../src/protocol/scoreView';
import { getComparison } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { getEvaluation, keepThreshold } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { storedExperiment } from '../train/storedExperiment';
import { comparedData, type ComparedData } from './comparedData';
import { comparisonKey } from './compareModels';

/** Maximum number of points of a curve, which is drawn about 400 pixels wide. */
const drawnPoints = 400;
const excerptLength = 120;

/** Lists the models whose scores are shown: the base model, and the weights that the run keeps. */
async function candidatesOf(
  db: Database,
  { experimentId, runId }: ScoreOwner,
): Promise<{ candidate: DenseCandidate; moment: 'before' | 'after' }[]> {
  const run = runId === null ? null : await getRun(db, runId);
  if (run === undefined) throw new AppError({ kind: 'not-found', what: 'run', id: runId ?? '' });
  const { model } = run?.experiment ?? (await storedExperiment(db, experimentId));
  if (!model) throw new AppError({ kind: 'model-missing' });
  const base = { candidate: { kind: 'base', model } as const, moment: 'before' as const };
  if (!run) return [base];
  return [base, { candidate: { kind: 'run', runId: run.runId, weights: 'kept' }, moment: 'after' }];
}

/** Returns the questions of a part, or null if it has none. */
async function dataOf(db: Database, owner: ScoreOwner, part: QuestionPart): Promise<ComparedData | null> {
  try {
    const { experimentId, runId } = owner;
    return await comparedData(db, runId === null ? { experimentId } : { runId }, part);
  } catch (thrown) {
    if (toAppError(thrown).details.kind === 'nothing-to-evaluate') return null;
    throw thrown;
  }
}

async function storedScores(
  db: Database,
  experimentId: string,
  candidate: DenseCandidate,
  data: ComparedData | null,
): Promise<QuestionScores[] | null> {
  if (!data) return null;
  const stored = await getComparison(db, experimentId, await comparisonKey(db, candidate, data));
  return stored?.scores ?? null;
}

function partScores(scores: readonly QuestionScores[], data: ComparedData, threshold: number | null): PartScores {
  const answers = answersOf(scores);
  const curves = curvesOf(answers);
  const texts = new Map([...data.questions, ...data.unanswered].map(({ id, text }) => [id, text]));
  const passageOf = (id: string): string => data.passages[data.order.indexOf.get(id) ?? -1]?.text ?? id;
  const rows = scores.map(({ questionId, first, right }) => ({
    questionId,
    text: texts.get(questionId) ?? questionId,
    passage: cutAt(passageOf(first.passageId), excerptLength),
    score: first.score,
    right: first.right,
    answerable: right.length > 0,
  }));
  return {
    histograms: scoreHistograms(scores),
    curves: curves && { ...curves, points: thinned(curves.points, drawnPoints) },
    figures: threshold === null ? null : figuresAt(answers, threshold),
    rows: rows.sort((a, b) => b.score - a.score),
  };
}

/** The stored scores of a model on both parts, and the threshold that a rule chooses on dev. */
interface ChosenOnDev {
  candidate: DenseCandidate;
  moment: 'before' | 'after';
  scores: Record<QuestionPart, QuestionScores[] | null>;
  threshold: number | null;
}

async function chosenOnDev(
  db: Database,
  owner: ScoreOwner,
  rule: ThresholdRule,
  data: Record<QuestionPart, ComparedData | null>,
): Promise<ChosenOnDev[]> {
  const chosen: ChosenOnDev[] = [];
  for (const { candidate, moment } of await candidatesOf(db, owner)) {
    const dev = await storedScores(db, owner.experimentId, candidate, data.dev);
    const test = await storedScores(db, owner.experimentId, candidate, data.test);
    chosen.push({ candidate, moment, scores: { dev, test }, threshold: dev && chooseThreshold(answersOf(dev), rule) });
  }
  return chosen;
}

/**
 * Returns the stored scores of an experiment's base model and of a run, and the threshold that the rule chooses on dev.
 * @throws not-found if the run was deleted; model-missing; data-missing.
 */
export async function viewScores(db: Database, owner: ScoreOwner, rule: ThresholdRule): Promise<ScoreView> {
  const { runId } = owner;
  const data = { dev: await dataOf(db, owner, 'dev'), test: await dataOf(db, owner, 'test') };
  const models: ScoredModel[] = [];
  for (const { candidate, moment, scores, threshold } of await chosenOnDev(db, owner, rule, data)) {
    const { dev, test } = scores;
    const kept = runId === null ? undefined : await getEvaluation(db, runId, 'dev', moment);
    models.push({
      candidate,
      moment,
      threshold,
      parts: {
        dev: dev && data.dev && partScores(dev, data.dev, threshold),
        test: test && data.test && partScores(test, data.test, threshold),
      },
      kept: kept?.threshold ?? null,
    });
  }
  const counts = (part: QuestionPart) => {
    const own = data[part];
    return own && { answered: own.questions.length, unanswered: own.unanswered.length };
  };
  return { models, questions: { dev: counts('dev'), test: counts('test') } };
}

/**
 * Stores the thresholds that the rule chooses on dev with the run's evaluations, together with their outcomes on dev
 * and, if its scores are known, on test. Returns how many were stored.
 */
export async function keepThresholds(db: Database, owner: ScoreOwner, rule: ThresholdRule): Promise<number> {
  const { runId } = owner;
  if (runId === null) return 0;
  let kept = 0;
  const data = { dev: await dataOf(db, owner, 'dev'), test: await dataOf(db, owner, 'test') };
  for (const { moment, threshold: value, scores } of await chosenOnDev(db, owner, rule, data)) {
    if (value === null || !scores.dev) continue;
    const dev = figuresAt(answersOf(scores.dev), value);
    const test = scores.test && figuresAt(answersOf(scores.test), value);
    const chosen = { value, rule, dev, test, chosenAt: Date.now() };
    if (await keepThreshold(db, runId, moment, chosen)) kept += 1;
  }
  return kept;
}
