import { toAppError, type AppErrorDetails, type ProjectFault } from '../../../src/domain/errors';
import type { Database } from '../../../src/storage/database';
import { restoreExperiment } from '../../../src/storage/deletedExperiments';
import { addComparisons } from './addComparisons';
import type { PlacedExperiment } from './placeContent';
import { partial, type ProjectContent } from './projectContent';
import type { ProjectReader } from './projectReader';
import { differentPairs, foreignNegatives, missingInputs } from './projectWarnings';

/**
 * Does what remains once the contents of a project file are visible: restores deleted experiments, and stores mined
 * negatives and comparisons. A step that fails becomes a warning that says what is missing and why, and the others go
 * on. Returns all warnings.
 */
export async function afterwards(
  db: Database,
  reader: ProjectReader,
  content: ProjectContent,
  placed: PlacedExperiment[],
): Promise<AppErrorDetails[]> {
  const warnings: AppErrorDetails[] = [];
  const attempt = async (
    work: () => Promise<AppErrorDetails[]>,
    name: string,
    fault: ProjectFault | null,
  ): Promise<void> => {
    try {
      warnings.push(...(await work()));
    } catch (thrown) {
      if (fault) warnings.push(partial(reader, name, fault));
      warnings.push(toAppError(thrown).details);
    }
  };
  for (const { stored, place, deleted } of placed)
    if (place.state === 'here' && deleted)
      await attempt(() => restoreExperiment(db, place.id).then(() => []), stored.name, 'not-restored');
  await attempt(() => missingInputs(db, reader, placed), '', null);
  await attempt(() => differentPairs(db, reader, placed), '', null);
  const [first] = placed;
  await attempt(() => foreignNegatives(db, reader, content, placed), first?.stored.name ?? '', 'negatives-unstored');
  const runIds = new Map(placed.flatMap(({ runs }) => runs.map(({ run, place }) => [run.record.runId, place.id])));
  for (const { stored, place } of placed) {
    const own = content.comparisons.filter(({ experimentId }) => experimentId === stored.experimentId);
    const add = async (): Promise<AppErrorDetails[]> =>
      (await addComparisons(db, own, place.id, runIds)).map((fault) => partial(reader, stored.name, fault));
    await attempt(add, stored.name, 'comparisons-unstored');
  }
  return warnings;
}
