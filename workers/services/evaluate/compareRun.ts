import { answerAt, type AnswerAt } from '../../../src/domain/evaluate/answerAt';
import { blendMoment, probeMoment } from '../../../src/domain/evaluate/blendMoment';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { searchByKeywords } from '../../../src/domain/evaluate/keywordSearch';
import { AppError, toAppError } from '../../../src/domain/errors';
import type { RunRecord } from '../../../src/domain/run';
import type { Progress } from '../../../src/protocol/dataApi';
import type { KeywordComparison } from '../../../src/protocol/keywordComparison';
import { getComparison, putComparison } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { getEvaluation } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { comparedData } from './comparedData';
import { comparisonKey } from './compareModels';

/**
 * Compares a run's evaluations on test, or on a probe set, at each cut-off. Returns null until both are stored.
 */
export async function compareRun(
  db: Database,
  runId: string,
  ks: readonly number[],
  probeSha256?: string,
): Promise<AnswerAt[] | null> {
  const read = (ratio: 0 | 1) =>
    probeSha256 === undefined
      ? getEvaluation(db, runId, 'test', blendMoment(ratio))
      : getEvaluation(db, runId, 'probe', probeMoment(ratio, probeSha256));
  const [before, after] = [await read(0), await read(1)];
  return before && after ? ks.map((k) => answerAt(before.results, after.results, k)) : null;
}

/** Throws `data-missing` if the run's data was deleted. */
async function refuseDeletedData(db: Database, { experiment }: RunRecord): Promise<void> {
  for (const { role, part, contentSha256 } of experiment.data)
    if ((role === 'knowledgeBase' || part === 'test') && !(await getDataset(db, contentSha256)))
      throw new AppError({ kind: 'data-missing', role, ...(part ? { part } : {}), contentSha256 });
}

/**
 * Returns the results of the keyword search. They are stored with the experiment, so that a comparison of models reuses
 * them. They are not stored if the experiment was deleted or the disk is full, because they can be computed again.
 */
async function keywordResults(db: Database, run: RunRecord, progress: Progress): Promise<QuestionResult[]> {
  await refuseDeletedData(db, run);
  const { runId, experimentId } = run;
  const candidate = { kind: 'keywords' } as const;
  const data = await comparedData(db, { runId }, 'test');
  const key = await comparisonKey(db, candidate, data);
  const stored = await getComparison(db, experimentId, key);
  if (stored) return stored.results;
  const results = await searchByKeywords(data.passages, data.questions, progress);
  const rest = { results, passagesPerSecond: null, ofRun: true, createdAt: Date.now() } as const;
  try {
    await putComparison(db, { experimentId, key, part: 'test', candidate, ...rest });
  } catch (thrown) {
    const { kind } = toAppError(thrown).details;
    if (kind !== 'not-found' && kind !== 'quota-exceeded') throw thrown;
  }
  return results;
}

/**
 * Answers a run's test questions by keywords and compares the trained model with them.
 * @throws not-found if the run was deleted; data-missing if its questions or knowledge base were; nothing-to-evaluate
 * until the evaluation after training is stored.
 */
export async function compareWithKeywords(
  db: Database,
  runId: string,
  ks: readonly number[],
  progress: Progress,
): Promise<KeywordComparison> {
  const run = await getRun(db, runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const after = await getEvaluation(db, runId, 'test', 'after');
  if (!after) throw new AppError({ kind: 'nothing-to-evaluate', part: 'test' });
  const results = await keywordResults(db, run, progress);
  return { results, answers: ks.map((k) => answerAt(results, after.results, k)) };
}
