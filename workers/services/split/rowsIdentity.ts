import { AppError } from '../../../src/domain/errors';
import { sha256Hasher } from '../../../src/domain/hash';
import type { RunRecord } from '../../../src/domain/run';
import type { Database } from '../../../src/storage/database';
import { getEvaluation } from '../../../src/storage/evaluations';
import { updateRun } from '../../../src/storage/runs';
import type { PreparedData } from './preparedData';

/** Returns the SHA-256 of the rows that a run trains and evaluates on, in their order. */
export async function rowsSha256({ pairs, scoredPairs, knowledgeBase, dev, test }: PreparedData): Promise<string> {
  const hasher = await sha256Hasher();
  // Hashes each list after its length and each row as JSON on its own line, so that different rows never hash the same
  // bytes.
  const add = <R>(rows: readonly R[], fieldsOf: (row: R) => unknown[]): void => {
    hasher.update(`${rows.length}\n`);
    for (const row of rows) hasher.update(`${JSON.stringify(fieldsOf(row))}\n`);
  };
  add(pairs, ({ anchor, positive }) => [anchor, positive]);
  add(knowledgeBase, ({ id, text }) => [id, text]);
  for (const questions of [dev, test]) add(questions, ({ id, text, relevant }) => [id, text, relevant]);
  // Left out if no stage trains on scored pairs, so that runs without them keep their hash.
  if (scoredPairs.length > 0) add(scoredPairs, ({ sentence1, sentence2, score }) => [sentence1, sentence2, score]);
  return hasher.hex();
}

/**
 * Records on which rows the run trains and evaluates. Throws `rows-changed` if the run already has results on other
 * rows: the experiment names its data by hash, but another version of the app may split it differently. If the results
 * come from a version that did not record its rows, they can't be compared, so the run may not resume either.
 */
export async function keepRowsIdentity(db: Database, record: RunRecord, data: PreparedData): Promise<void> {
  const { runId, rowsSha256: before } = record;
  const now = await rowsSha256(data);
  if (now === before) return;
  // The evaluation before training is the first result that a run stores.
  for (const part of ['dev', 'test'] as const)
    if (await getEvaluation(db, runId, part, 'before'))
      throw new AppError({ kind: 'rows-changed', recorded: before !== undefined });
  await updateRun(db, runId, { rowsSha256: now });
}
