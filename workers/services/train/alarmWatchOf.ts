import type { RunRecord } from '../../../src/domain/run';
import { AlarmWatch } from '../../../src/domain/train/alarmWatch';
import type { Database } from '../../../src/storage/database';
import { readEvents } from '../../../src/storage/runEvents';

/** Returns a watch that has seen the run's stored events, which a resumed run continues. */
export async function alarmWatchOf(db: Database, { runId, experiment }: RunRecord): Promise<AlarmWatch> {
  const watch = new AlarmWatch(experiment.evaluation.primary);
  for (const event of await readEvents(db, runId)) watch.saw(event);
  return watch;
}
