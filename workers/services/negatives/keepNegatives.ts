import { AppError } from '../../../src/domain/errors';
import type { RunRecord } from '../../../src/domain/run';
import { reportNegatives, type StageNegatives } from './stageNegatives';

/**
 * Throws `negatives-changed` if the run was planned with other negatives, for example by another version of the app.
 */
export async function keepNegativesIdentity(
  record: RunRecord,
  stages: readonly (StageNegatives | null)[],
): Promise<void> {
  const now = await reportNegatives(stages);
  const hashes = (reports: RunRecord['negatives'] = []): string =>
    reports.map((report) => report?.sha256 ?? '').join(' ');
  if (hashes(now) !== hashes(record.negatives)) throw new AppError({ kind: 'negatives-changed' });
}
