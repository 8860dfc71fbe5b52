import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256Hex } from '../../../src/domain/hash';
import type { PreparedData } from '../split/preparedData';
import { rowsSha256 } from '../split/rowsIdentity';

/** Part of the key of all mined negatives. Increase it when the same input would be mined differently. */
const minedVersion = 1;

/** Returns the storage key of a stage's mined negatives: the hash of all that determines them. */
export async function minedKey(
  { seed, model, stages }: Experiment,
  stageIndex: number,
  data: PreparedData,
): Promise<string> {
  // Dropped negatives are replaced after mining.
  const { dropped: _, ...negatives } = stages[stageIndex]?.negatives ?? {};
  const rows = await rowsSha256(data);
  return sha256Hex(canonicalJson({ minedVersion, rows, seed, model, negatives, stageIndex }));
}
