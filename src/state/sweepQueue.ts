import { experimentHash } from '../domain/experimentHash';
import { unfinishedStatuses, type RunRecord } from '../domain/run';
import { sweepPoints, type Sweep, type SweepPoint } from '../domain/sweep/sweep';
import { canResume } from '../domain/train/canResume';
import { gateway } from './gateway';

/** A run of a sweep and its results so far. */
export interface SweepRun {
  /** Its place in the sweep, from 0. */
  place: number;
  point: SweepPoint;
  /** The run with these settings that is done, or else the newest one. Null if none was started. */
  run: RunRecord | null;
  /** The primary metric on dev before training and with the kept weights; null until it is known. */
  before: number | null;
  score: number | null;
}

/** Whether a run need not be repeated: it is done, or it diverged and would diverge again. */
export function isSettled(run: RunRecord | null): boolean {
  return run?.status === 'done' || (run?.status === 'failed' && run.error?.kind === 'training-diverged');
}

/** Returns the run if it can resume, else null. A run that ran out of memory would run out again. */
function resumable(run: RunRecord | null): RunRecord | null {
  if (!run || (run.status === 'failed' && run.error?.kind === 'gpu-out-of-memory')) return null;
  return unfinishedStatuses.has(run.status) || canResume(run) ? run : null;
}

/** Returns the runs of a sweep in order. */
export async function readSweep(experimentId: string, { sweepId, ...sweep }: Sweep): Promise<SweepRun[]> {
  const runs = (await gateway.listRuns(experimentId)).filter((run) => run.sweepId === sweepId);
  const found: SweepRun[] = [];
  for (const [place, point] of sweepPoints(sweep.experiment, sweep.axes).entries()) {
    const hash = await experimentHash(point.experiment);
    const same = runs.filter((run) => run.experimentHash === hash);
    const run = same.find(isSettled) ?? same[0] ?? null;
    const metric = point.experiment.evaluation.primary;
    const scoreAt = async (moment: 'before' | 'after'): Promise<number | null> =>
      (run && (await gateway.getEvaluation(run.runId, 'dev', moment)))?.metrics[metric] ?? null;
    const score = run?.status === 'done' ? await scoreAt('after') : null;
    found.push({ place, point, run, before: await scoreAt('before'), score });
  }
  return found;
}

/** Callbacks that a queue of runs needs from the page executing it. */
export interface SweepWork {
  mine: (point: SweepPoint) => Promise<void>;
  create: (point: SweepPoint) => Promise<string>;
  /** Runs or resumes a run until it ends. */
  run: (runId: string, place: number) => Promise<void>;
  /** Whether to stop before the next run. */
  stopped: () => boolean;
}

/**
 * Executes the unsettled runs of a sweep in order, resuming one that was interrupted. Returns once all are settled,
 * `stopped` returns true, or a run ends unsettled, for example because the user cancels it.
 */
export async function workThrough(experimentId: string, sweep: Sweep, work: SweepWork): Promise<void> {
  for (const { place, point, run } of await readSweep(experimentId, sweep)) {
    if (work.stopped()) return;
    if (isSettled(run)) continue;
    if (point.experiment.stages.some(({ negatives }) => negatives?.from === 'mined')) await work.mine(point);
    const runId = resumable(run)?.runId ?? (await work.create(point));
    await work.run(runId, place);
    if (!isSettled((await gateway.getRun(runId)) ?? null)) return;
  }
}
