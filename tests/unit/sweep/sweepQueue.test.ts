import { describe, expect, it, vi } from 'vitest';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { defaultExperiment } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import type { RunRecord, RunStatus } from '../../../src/domain/run';
import { sweepPoints, type Sweep, type SweepPoint } from '../../../src/domain/sweep/sweep';
import { evaluationOf, runRecord } from '../storage/support';

let runs: RunRecord[] = [];
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    listRuns: () => Promise.resolve(runs),
    getRun: (runId: string) => Promise.resolve(runs.find((run) => run.runId === runId)),
    getEvaluation: (runId: string, part: string, moment: string) =>
      Promise.resolve(part === 'dev' ? evaluationOf(runId, moment === 'after' ? 0.75 : 0.25) : undefined),
  },
}));
const { readSweep, workThrough } = await import('../../../src/state/sweepQueue');

const experiment = defaultExperiment();
const axes = [{ setting: 'seed' as const, values: [1, 2, 3] }];
const sweep: Sweep = { sweepId: 's', experiment, axes, createdAt: 1 };
const hashes = await Promise.all(sweepPoints(experiment, axes).map((point) => experimentHash(point.experiment)));

function runAt(place: number, status: RunStatus, error?: AppErrorDetails): RunRecord {
  const more = { sweepId: 's', experimentHash: hashes[place] ?? '', ...(error ? { error } : {}) };
  return runRecord(`${status} ${place}`, 'e', { status, ...more });
}

/** Works through the sweep. Each run ends with the status that `ends` has for its place. Returns the actions taken. */
async function worked(earlier: RunRecord[], ends: Partial<Record<number, RunStatus>> = {}, given = sweep) {
  runs = earlier;
  const done: string[] = [];
  const places = sweepPoints(experiment, given.axes).map(({ values }) => JSON.stringify(values));
  const placeOf = ({ values }: SweepPoint): number => places.indexOf(JSON.stringify(values));
  await workThrough('e', given, {
    mine: (point) => Promise.resolve(void done.push(`mine ${placeOf(point)}`)),
    create: (point) => {
      const run = placeOf(point);
      runs = [runAt(run, 'queued'), ...runs];
      done.push(`create ${run}`);
      return Promise.resolve(`queued ${run}`);
    },
    run: (runId, run) => {
      done.push(`run ${runId}`);
      runs = runs.map((one) => (one.runId === runId ? { ...one, status: ends[run] ?? 'done' } : one));
      return Promise.resolve();
    },
    stopped: () => false,
  });
  return done;
}
const all = [0, 1, 2].flatMap((place) => [`create ${place}`, `run queued ${place}`]);

describe('the queue of a sweep', () => {
  it('executes all runs in order', async () => {
    expect(await worked([])).toEqual(all);
  });

  it('does not repeat runs that are done, and resumes one that was interrupted or paused', async () => {
    const earlier = [runAt(1, 'interrupted'), runAt(0, 'done')];
    expect(await worked(earlier)).toEqual(['run interrupted 1', 'create 2', 'run queued 2']);
    expect(await worked([runAt(0, 'paused')])).toEqual(['run paused 0', ...all.slice(2)]);
    // A command that is killed leaves its run with the status `running`.
    expect(await worked([runAt(0, 'running')])).toEqual(['run running 0', ...all.slice(2)]);
    expect(await worked([runAt(0, 'cancelled')])).toEqual(all);
  });

  it('does not repeat a run that diverged, and starts one that ran out of memory again', async () => {
    const diverged = runAt(0, 'failed', { kind: 'training-diverged', step: 3, quantity: 'loss' });
    const full = runAt(1, 'failed', { kind: 'gpu-out-of-memory' });
    expect(await worked([full, diverged])).toEqual(all.slice(2));
  });

  it('stops when a run is cancelled or interrupted', async () => {
    expect(await worked([], { 1: 'cancelled' })).toEqual(all.slice(0, 4));
    expect(await worked([], { 0: 'interrupted' })).toEqual(all.slice(0, 2));
  });

  it('starts no further run once a stop is requested', async () => {
    runs = [];
    const nothing = () => Promise.reject(new Error('nothing is to be done'));
    await workThrough('e', sweep, { mine: nothing, create: nothing, run: nothing, stopped: () => true });
  });

  it('mines the negatives of a run first if it uses mined ones', async () => {
    const mined = { from: 'mined', perAnchor: 1, firstRank: 2, lastRank: 5, relativeMargin: 0.05, pick: 'top' };
    const given = { ...sweep, axes: [{ setting: 'negatives' as const, values: [null, mined] }] };
    const steps = ['create 0', 'run queued 0', 'mine 1', 'create 1', 'run queued 1'];
    expect(await worked([], {}, given)).toEqual(steps);
  });
});

describe('the state of a sweep', () => {
  it('has the score of each run that is done, before training and after', async () => {
    runs = [runAt(1, 'running'), runAt(0, 'done'), { ...runAt(2, 'done'), sweepId: 'another' }];
    const read = await readSweep('e', sweep);
    expect(read.map(({ run, before, score }) => [run?.status, before, score])).toEqual([
      ['done', 0.25, 0.75],
      ['running', 0.25, null],
      [undefined, null, null],
    ]);
    expect(read.map(({ place }) => place)).toEqual([0, 1, 2]);
  });
});
