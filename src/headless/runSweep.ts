import { canonicalJson } from '../domain/canonicalJson';
import { toAppError, AppError } from '../domain/errors';
import { experimentHash } from '../domain/experimentHash';
import { sweepRefusal, type Sweep, type SweepAxis, type SweepPoint } from '../domain/sweep/sweep';
import { axisName, sweepCsv, sweepTable, type SweepRow } from '../domain/sweep/sweepTable';
import { lastStepOf } from '../domain/train/lastStep';
import { gateway } from '../state/gateway';
import { readSweep, workThrough, type SweepRun } from '../state/sweepQueue';
import { sendFindings } from './findings';
import type { ImportedInputs } from './importInputs';
import type { HeadlessJob, JobRoutes } from './jobRoutes';
import { postReport } from './postReport';
import { prepare, throttled, type EventSender } from './prepare';
import { environmentOf, splitOf } from './runMetrics';
import { sweepFacts } from '../state/severalRunsFacts';

interface SweepParts {
  inputs: ImportedInputs;
  axes: SweepAxis[];
  sender: EventSender;
}

/** Returns a run's settings as shown in the terminal: `temperature 0.02, seed 8`. */
function valuesText(axes: readonly SweepAxis[], { values }: SweepPoint): string {
  return axes.map((axis, i) => `${axisName(axis)} ${canonicalJson(values[i] ?? null).replaceAll('"', '')}`).join(', ');
}

/** Returns an unfinished sweep from an earlier command with the same axes and device, or null. */
async function earlierSweep(
  { inputs, axes }: SweepParts,
  job: HeadlessJob,
): Promise<{ experimentId: string; sweep: Sweep } | null> {
  for (const { experimentId, sweeps = [] } of await gateway.listExperiments())
    for (const sweep of sweeps) {
      if (job.delivered.includes(sweep.sweepId) || canonicalJson(sweep.axes) !== canonicalJson(axes)) continue;
      if ((await experimentHash(sweep.experiment)) !== inputs.experimentHash) continue;
      const runs = (await gateway.listRuns(experimentId)).filter(({ sweepId }) => sweepId === sweep.sweepId);
      if (runs.every(({ devicePreference }) => devicePreference === job.device)) return { experimentId, sweep };
    }
  return null;
}

async function newSweep(parts: SweepParts, job: HeadlessJob): Promise<{ experimentId: string; sweep: Sweep }> {
  const { inputs, axes, sender } = parts;
  const sweep = { sweepId: crypto.randomUUID(), experiment: inputs.experiment, axes, createdAt: Date.now() };
  return { experimentId: await prepare(inputs, job, sender, [sweep]), sweep };
}

/** Executes the runs of the sweep. Their events name the run by its number in the sweep, counted from 1. */
async function work(experimentId: string, sweep: Sweep, job: HeadlessJob, { axes, sender }: SweepParts): Promise<void> {
  const gpu = await gateway.gpu();
  const runs = await readSweep(experimentId, sweep);
  for (const { run, place } of runs) if (run?.status === 'done') await sendEvents(run.runId, place, sender);
  let failure: AppError | null = null;
  await workThrough(experimentId, sweep, {
    mine: ({ experiment }) =>
      gpu.mineNegatives(
        experimentId,
        job.device,
        throttled((done, of) => sender.send('progress', { what: 'mine', done, of })),
        [experiment],
      ),
    create: ({ experiment }) =>
      gpu.createRun(experimentId, job.device, job.budgetBytes ?? null, experiment, sweep.sweepId),
    run: async (runId, place) => {
      const point = runs[place]?.point;
      sender.send('progress', {
        note: `run ${place + 1} of ${runs.length}: ${point ? valuesText(axes, point) : ''}`,
      });
      await sendEvents(runId, place, sender);
      const stored = await gateway.getRun(runId);
      sender.send('progress', { totalSteps: stored ? lastStepOf(stored, null) : 0 });
      try {
        await gpu.startRun(runId, (events) => {
          sender.send(
            'events',
            events.map((event) => ({ ...event, run: place + 1 })),
          );
        });
      } catch (thrown) {
        failure = toAppError(thrown);
        const { kind } = failure.details;
        if (kind === 'training-diverged') sender.send('progress', { note: `run ${place + 1} diverged` });
      }
      await sender.settled();
    },
    stopped: () => false,
  });
  const left = (await readSweep(experimentId, sweep)).find(({ run, score }) => score === null && !hasDiverged(run));
  if (left) throw failure ?? new AppError({ kind: 'not-found', what: 'run', id: sweep.sweepId });
}

const hasDiverged = (run: SweepRun['run']): boolean => run?.error?.kind === 'training-diverged';

/** Sends the events of a run that an earlier command stored. */
async function sendEvents(runId: string, run: number, sender: EventSender): Promise<void> {
  const events = await gateway.readEvents(runId, 0);
  const numbered = events.map((event) => ({ ...event, run: run + 1 }));
  if (numbered.length > 0) sender.send('events', numbered);
}

function reportOf(axes: readonly SweepAxis[], rows: readonly SweepRow[], runs: readonly SweepRun[]): object {
  return {
    axes,
    metric: runs[0]?.point.experiment.evaluation.primary,
    rows,
    runs: runs.map(({ point, run, before, score }) => ({
      values: point.values,
      runId: run?.runId,
      experimentHash: run?.experimentHash,
      status: run?.status,
      before,
      score,
      steps: run?.steps,
      stoppedStep: run?.stoppedStep ?? null,
      keptStep: run?.keptStep ?? null,
      weightsSha256: run?.weightsSha256 ?? null,
      ...(run?.error ? { error: run.error } : {}),
    })),
  };
}

/**
 * Executes all runs of a sweep, or those left by an earlier command, and posts the table. Test is not evaluated.
 * Returns the id of the sweep.
 */
export async function runSweep(routes: JobRoutes, job: HeadlessJob, parts: SweepParts): Promise<string> {
  const { inputs, axes, sender } = parts;
  const refusal = sweepRefusal(inputs.experiment, axes);
  if (refusal) throw new AppError(refusal);
  const earlier = await earlierSweep(parts, job);
  if (earlier) sender.send('progress', { note: 'resuming the sweep; runs that are done are not repeated' });
  const { experimentId, sweep } = earlier ?? (await newSweep(parts, job));
  const findings = await sendFindings(experimentId, inputs.experiment, job, sender);
  await work(experimentId, sweep, job, parts);
  const runs = await readSweep(experimentId, sweep);
  const rows = sweepTable(
    axes,
    runs.map(({ point }) => point),
    runs.map(({ score }) => score),
  );
  const csv = new Blob([sweepCsv(axes, rows, inputs.experiment.evaluation.primary)], { type: 'text/csv' });
  const counts = await (await gateway.data()).countSplit(inputs.experiment, () => undefined);
  const last = runs.map(({ run }) => run).findLast((run) => run?.status === 'done');
  const facts = await sweepFacts({ experimentId, name: job.name, sweep }, findings);
  if (facts) await postReport(routes, job, facts, sender);
  await sender.settled();
  await routes.post('metrics', {
    sweep: reportOf(axes, rows, runs),
    experimentHash: inputs.experimentHash,
    experiment: inputs.experiment,
    leftOut: inputs.leftOut,
    split: splitOf(counts),
    findings,
    export: { files: [{ path: 'sweep.csv', bytes: csv.size }] },
    environment: last ? environmentOf(last) : {},
  });
  await routes.postExport('sweep.csv', csv);
  return sweep.sweepId;
}
