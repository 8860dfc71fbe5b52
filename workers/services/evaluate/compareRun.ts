import { answerAt, type AnswerAt } from '../../../src/domain/evaluate/answerAt';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { searchByKeywords } from '../../../src/domain/evaluate/keywordSearch';
import { AppError } from '../../../src/domain/errors';
import type { RunRecord } from '../../../src/domain/run';
import type { Progress } from '../../../src/protocol/dataApi';
import type { KeywordComparison } from '../../../src/protocol/keywordComparison';
import type { Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { getEvaluation } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { preparedData } from '../split/preparedData';

/** Compares a run's test evaluations at each cut-off. Returns null until both are stored. */
export async function compareRun(db: Database, runId: string, ks: readonly number[]): Promise<AnswerAt[] | null> {
  const before = await getEvaluation(db, runId, 'test', 'before');
  const after = await getEvaluation(db, runId, 'test', 'after');
  return before && after ? ks.map((k) => answerAt(before.results, after.results, k)) : null;
}

/** Number of passages and questions after which progress is reported. */
const textsPerReport = 500;

/** Keyword results by run, the one used last at the end. A run's questions and knowledge base never change. */
const known = new Map<string, QuestionResult[]>();
/** Runs whose keyword results are kept: enough to look back and forth between a few. */
const mostKnown = 4;

/** Throws `data-missing` if data of the run was deleted. */
async function refuseDeletedData(db: Database, { experiment }: RunRecord): Promise<void> {
  for (const { role, part, contentSha256 } of experiment.data)
    if ((role === 'knowledgeBase' || part === 'test') && !(await getDataset(db, contentSha256)))
      throw new AppError({ kind: 'data-missing', role, ...(part ? { part } : {}), contentSha256 });
}

function keep(runId: string, results: QuestionResult[]): void {
  known.delete(runId);
  known.set(runId, results);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
}

async function keywordResults(db: Database, run: RunRecord, progress: Progress): Promise<QuestionResult[]> {
  await refuseDeletedData(db, run);
  const found = known.get(run.runId);
  if (found) {
    keep(run.runId, found);
    return found;
  }
  const { knowledgeBase, test } = await preparedData(db, run.experiment);
  const results = await searchByKeywords(knowledgeBase, test, (done, of) => {
    if (done % textsPerReport === 0 || done === of) progress(done, of);
  });
  keep(run.runId, results);
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
