import 'fake-indexeddb/auto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/domain/errors';
import type { RunEvent } from '../../src/domain/run';
import * as checkpoints from '../../src/storage/checkpoints';
import type { Database } from '../../src/storage/database';
import type { CheckpointManifest } from '../../src/storage/schema';
import { getRun, updateRun } from '../../src/storage/runs';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { prepared } from './smallRun';
import { wasmBase } from './environment';

// A checkpoint is due after every step.
vi.mock('../../src/domain/train/checkpointInterval', () => ({ checkpointIntervalMs: () => 0 }));
// Called before a checkpoint is stored. A test can replace it to delay the write or make it fail.
const before = vi.hoisted(() => ({ store: (_step: number): Promise<void> => Promise.resolve() }));
const written = vi.hoisted(() => ({ parts: new Map<number, string>(), underWay: 0, most: 0, begun: 0 }));
vi.mock('../../src/storage/checkpoints', async (importOriginal) => {
  const original = await importOriginal<typeof checkpoints>();
  const watched = async (write: () => Promise<CheckpointManifest>): Promise<CheckpointManifest> => {
    written.begun += 1;
    written.most = Math.max(written.most, ++written.underWay);
    try {
      const manifest = await write();
      written.parts.set(manifest.step, JSON.stringify([manifest.parts, manifest.loopState.bestDev]));
      return manifest;
    } finally {
      written.underWay -= 1;
    }
  };
  return {
    ...original,
    writeSnapshot: (...given: Parameters<typeof original.writeSnapshot>) =>
      watched(() => before.store(given[1].step).then(() => original.writeSnapshot(...given))),
    writeCheckpoint: (...given: Parameters<typeof original.writeCheckpoint>) =>
      watched(() => original.writeCheckpoint(...given)),
  };
});

beforeAll(() => void vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 }));
beforeEach(() => written.parts.clear());
afterEach(() => {
  before.store = () => Promise.resolve();
  [written.underWay, written.most, written.begun] = [0, 0, 0];
});

interface Carried {
  events: RunEvent[];
  failure: unknown;
  weights: string | undefined;
  db: Database;
  runId: string;
}

/** Executes the small run, which has twelve steps. */
async function carriedOut(
  options: { control?: RunControl; waits?: boolean } = {},
  earlier?: { db: Database; runId: string },
): Promise<Carried> {
  written.begun = 0;
  const { db, runId } = earlier ?? (await prepared());
  const { memory } = (await getRun(db, runId)) ?? {};
  expect(memory?.snapshotBytes).toBeGreaterThan(0);
  if (options.waits && memory) await updateRun(db, runId, { memory: { ...memory, snapshotBytes: 0 } });
  const events: RunEvent[] = [];
  const onEvents = (some: RunEvent[]): void => void events.push(...some);
  const control = options.control ?? new RunControl();
  const failure: unknown = await runExperiment(
    { db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents },
    runId,
  ).catch((thrown: unknown) => thrown);
  return { events, failure, weights: (await getRun(db, runId))?.weightsSha256, db, runId };
}

/** Steps and checkpoints in the order of the log: 3 is step 3, 'c3' the checkpoint of the state after it. */
const sequence = (events: readonly RunEvent[]): (number | string)[] =>
  events.flatMap<number | string>((event) =>
    event.type === 'step' ? [event.step] : event.type === 'checkpoint' ? [`c${event.step}`] : [],
  );

/** Calls `act` after a given step, because a run calls checkpoint() once per step while it trains. */
class ActingControl extends RunControl {
  calls = 0;

  constructor(
    private readonly step: number,
    private readonly act: () => void,
  ) {
    super();
  }

  override async checkpoint(...given: Parameters<RunControl['checkpoint']>): Promise<void> {
    await super.checkpoint(...given);
    // Waits for a macrotask, so that the database can make progress.
    await new Promise((resolve) => setTimeout(resolve));
    const isTraining = written.begun > 0;
    if (isTraining && ++this.calls === this.step) this.act();
  }
}

/** Delays the first checkpoint until the returned function is called. */
function delayFirst(): () => void {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  before.store = (of) => (of === 1 ? opened : Promise.resolve());
  return open;
}

describe('a checkpoint that is written while steps continue', () => {
  it('holds the state of one step, and its event names that step', async () => {
    const open = delayFirst();
    const run = await carriedOut({ control: new ActingControl(4, open) });
    expect(run.failure).toBeUndefined();
    const order = sequence(run.events);
    expect(order.indexOf('c1')).toBeGreaterThan(order.indexOf(4));
    expect(order.filter((entry) => typeof entry === 'number')).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(order.at(-1)).toBe('c12');
    expect(written.most).toBe(1);
    const inBackground = new Map(written.parts);
    const waiting = await carriedOut({ waits: true });
    expect(waiting.weights).toBe(run.weights);
    expect(sequence(waiting.events).slice(0, 4)).toEqual([1, 'c1', 2, 'c2']);
    for (const [step, parts] of inBackground) expect(parts).toBe(written.parts.get(step));
    expect(await checkpoints.latestCheckpoint(run.db, run.runId)).toMatchObject({ step: 12 });
  });

  it('is stored before a cancelled run ends and before a pause', async () => {
    const open = delayFirst();
    const cancelling: ActingControl = new ActingControl(3, () => {
      cancelling.cancel();
      setTimeout(open, 50);
    });
    const cancelled = await carriedOut({ control: cancelling });
    expect((await getRun(cancelled.db, cancelled.runId))?.status).toBe('cancelled');
    expect(sequence(cancelled.events)).toEqual([1, 2, 3, 4, 'c1']);
    expect(await checkpoints.latestCheckpoint(cancelled.db, cancelled.runId)).toMatchObject({ step: 1 });
    const openPaused = delayFirst();
    const pausing: ActingControl = new ActingControl(3, () => {
      pausing.pause();
      setTimeout(openPaused, 50);
      setTimeout(() => pausing.continue(), 200);
    });
    const { events } = await carriedOut({ control: pausing });
    const paused = events.findIndex((event) => event.type === 'status' && event.status === 'paused');
    expect(sequence(events.slice(0, paused))).toEqual([1, 2, 3, 4, 'c1', 'c4']);
    expect(written.most).toBe(1);
  });

  it('ends the run if it fails, and the run resumes from the previous one with the same weights', async () => {
    const undisturbed = await carriedOut();
    before.store = (step) =>
      step < 4 ? Promise.resolve() : Promise.reject(new AppError({ kind: 'storage-failed', reason: 'test' }));
    const failed = await carriedOut();
    expect(failed.failure).toMatchObject({ details: { kind: 'storage-failed' } });
    const last = await checkpoints.latestCheckpoint(failed.db, failed.runId);
    expect(last?.step).toBeLessThan(4);
    before.store = () => Promise.resolve();
    const resumed = await carriedOut({}, failed);
    expect(sequence(resumed.events)[0]).toBe((last?.step ?? NaN) + 1);
    expect(resumed.weights).toBe(undisturbed.weights);
  });

  it('is kept if the device is lost meanwhile, and the run resumes from it with the same weights', async () => {
    const undisturbed = await carriedOut();
    const open = delayFirst();
    const losing = new ActingControl(3, () => {
      setTimeout(open, 50);
      throw new AppError({ kind: 'gpu-device-lost', reason: 'test' });
    });
    const lost = await carriedOut({ control: losing });
    expect(lost.failure).toBeUndefined();
    expect(lost.weights).toBe(undisturbed.weights);
    expect(sequence(lost.events).slice(0, 5)).toEqual([1, 2, 3, 'c1', 2]);
  });
});
