import type { AppErrorDetails } from '../../../src/domain/errors';
import { datasetsBeside, referencesOf } from '../../../src/domain/project/references';
import type { Database } from '../../../src/storage/database';
import { getExperiment } from '../../../src/storage/experiments';
import { hasDataset, hasModel, type PlacedExperiment } from './placeContent';
import { partial, type ProjectContent } from './projectContent';
import { storeMined } from './projectNegatives';
import type { ProjectReader } from './projectReader';

/**
 * Warns about data sets and models that an opened experiment names but neither the file nor storage contains. Models
 * are the base model and those that mine negatives.
 */
export async function missingInputs(
  db: Database,
  reader: ProjectReader,
  placed: PlacedExperiment[],
): Promise<AppErrorDetails[]> {
  const warnings: AppErrorDetails[] = [];
  for (const { stored, place } of placed) {
    if (place.state === 'here') continue;
    const { datasets, models } = referencesOf([stored.experiment]);
    for (const contentSha256 of new Set([...datasets, ...datasetsBeside(stored)]))
      if (!(await hasDataset(db, contentSha256))) warnings.push(partial(reader, stored.name, 'data-missing'));
    for (const contentSha256 of models)
      if (!(await hasModel(db, contentSha256))) warnings.push(partial(reader, stored.name, 'model-missing'));
  }
  return warnings;
}

/**
 * Warns about scored pairs that models are compared on in the file: the experiment here compares on others, which stay,
 * or the pairs are not stored.
 */
export async function differentPairs(
  db: Database,
  reader: ProjectReader,
  placed: PlacedExperiment[],
): Promise<AppErrorDetails[]> {
  const warnings: AppErrorDetails[] = [];
  for (const { stored, place } of placed) {
    if (place.state !== 'here' || stored.comparedPairs === undefined) continue;
    const here = (await getExperiment(db, place.id))?.comparedPairs;
    if (here !== stored.comparedPairs) warnings.push(partial(reader, stored.name, 'pairs-differ'));
    else if (!(await hasDataset(db, here))) warnings.push(partial(reader, stored.name, 'data-missing'));
  }
  return warnings;
}

/** Stores the mined negatives of the opened experiments. Warns if the file has some that none of them uses. */
export async function foreignNegatives(
  db: Database,
  reader: ProjectReader,
  { minedNegatives }: ProjectContent,
  placed: PlacedExperiment[],
): Promise<AppErrorDetails[]> {
  const experiments = placed.flatMap(({ stored, runs }) => [
    stored.experiment,
    ...runs.map(({ run }) => run.record.experiment),
  ]);
  const left = await storeMined(db, minedNegatives, experiments);
  const [first] = placed;
  return left > 0 && first ? [partial(reader, first.stored.name, 'negatives-foreign')] : [];
}
