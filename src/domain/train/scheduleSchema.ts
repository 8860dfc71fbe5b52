import * as v from 'valibot';
import { positiveCount, stageVersion1 } from '../experimentVersion1';
import { isObject } from '../isObject';

/** How the learning rate changes over a stage's steps. */
export const scheduleSchema = v.pipe(
  v.strictObject({
    ...stageVersion1.entries.schedule.entries,
    /** Number of warm-up steps, instead of a share. `warmup` is then 0, so that equal schedules have equal hashes. */
    warmupSteps: v.optional(positiveCount),
  }),
  v.forward(
    v.partialCheck(
      [['warmup'], ['warmupSteps']],
      ({ warmup, warmupSteps }) => warmupSteps === undefined || warmup === 0,
      'a share of 0',
    ),
    ['warmup'],
  ),
);
export type Schedule = v.InferOutput<typeof scheduleSchema>;

/** Returns a schedule with a warm-up share of 0 if the file states `warmupSteps` but no share. */
export function withShareOfSteps(schedule: unknown): unknown {
  const counts = isObject(schedule) && schedule['warmupSteps'] !== undefined;
  return counts ? { warmup: 0, ...schedule } : schedule;
}

/** The unit in which the form states the length of the warm-up. */
export type WarmupUnit = 'warmupShare' | 'warmupCount';

/** Returns the schedule with its warm-up stated in the other unit, at a usual length. */
export function withWarmupUnit({ kind, warmup, warmupSteps }: Schedule, unit: WarmupUnit): Schedule {
  return unit === 'warmupCount'
    ? { kind, warmup: 0, warmupSteps: warmupSteps ?? 100 }
    : { kind, warmup: warmupSteps === undefined ? warmup : 0.1 };
}
