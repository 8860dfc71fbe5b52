import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256Hex } from '../../../src/domain/hash';
import type { Database } from '../../../src/storage/database';
import { preparedData, type PreparedData } from '../split/preparedData';
import { rowsSha256 } from '../split/rowsIdentity';

/** Part of the key of all mined negatives. Increase it when the same input would be mined differently. */
const minedVersion = 1;

/** Returns the storage key of a stage's mined negatives: the hash of everything that determines them. */
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

/** Returns the keys of the mined negatives that an experiment uses, in the order of its stages, stored or not. */
export async function minedKeysOf(db: Database, experiment: Experiment): Promise<string[]> {
  const stages = [...experiment.stages.keys()].filter((stage) => experiment.stages[stage]?.negatives?.from === 'mined');
  if (stages.length === 0) return [];
  try {
    const data = await preparedData(db, experiment);
    return await Promise.all(stages.map((stage) => minedKey(experiment, stage, data)));
  } catch (thrown) {
    // An experiment whose data is missing can't use mined negatives.
    if (thrown instanceof AppError) return [];
    throw thrown;
  }
}
