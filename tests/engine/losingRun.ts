import { AppError } from '../../src/domain/errors';
import type { Experiment } from '../../src/domain/experiment';
import type { Evaluation } from '../../src/domain/evaluate/evaluation';
import type { RunEvent } from '../../src/domain/run';
import type { Database } from '../../src/storage/database';
import { getEvaluation } from '../../src/storage/evaluations';
import { getRun } from '../../src/storage/runs';
import { deviceWebGpu } from '../../workers/services/device/openDevice';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { inBrowser, wasmBase } from './environment';
import { prepared, type SmallRun } from './smallRun';

/**
 * Loses the device at chosen calls of checkpoint(), which a run calls between blocks and between steps, and pauses for
 * a moment at others. Calls are counted separately in each phase.
 */
export class LosingControl extends RunControl {
  readonly calls: Record<string, number> = {};

  constructor(
    private readonly db: Database,
    private readonly runId: string,
    private readonly loses: (phase: string, call: number) => boolean,
    private readonly pauses: (phase: string, call: number) => boolean = () => false,
    private readonly onPaused: (db: Database, runId: string) => Promise<void> = () => Promise.resolve(),
  ) {
    super();
  }

  override async checkpoint(onPause?: () => Promise<void>, onContinue?: () => Promise<void>): Promise<void> {
    await super.checkpoint();
    const phase = (await getRun(this.db, this.runId))?.phase ?? '';
    const call = (this.calls[phase] ?? 0) + 1;
    this.calls[phase] = call;
    if (this.pauses(phase, call)) {
      await onPause?.();
      await this.onPaused(this.db, this.runId);
      await onContinue?.();
    }
    if (!this.loses(phase, call)) return;
    if (!inBrowser) throw new AppError({ kind: 'gpu-device-lost', reason: 'test' });
    deviceWebGpu()?.device.destroy(); // the next readback fails
  }
}

/**
 * Executes the experiment and loses the device whenever `loses` returns true. Returns everything that a loss must not
 * change.
 */
export async function carriedOut(
  loses: (phase: string, call: number) => boolean,
  evaluation: Partial<Experiment['evaluation']> = {},
  {
    pauses,
    onPaused,
    ...run
  }: SmallRun & {
    pauses?: (phase: string, call: number) => boolean;
    /** Called when the run has paused. */
    onPaused?: (db: Database, runId: string) => Promise<void>;
  } = {},
) {
  const { db, runId } = await prepared(evaluation, run);
  const control = new LosingControl(db, runId, loses, pauses, onPaused);
  const events: RunEvent[] = [];
  const failure: unknown = await runExperiment(
    { db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: (some) => events.push(...some) },
    runId,
  ).catch((thrown: unknown) => thrown);
  const record = await getRun(db, runId);
  const read: Partial<Evaluation>[] = [];
  for (const part of ['dev', 'test'] as const)
    for (const moment of ['before', 'after'] as const) {
      const found = await getEvaluation(db, runId, part, moment);
      if (found) read.push({ ...found, runId: '', createdAt: 0, encodeMs: 0 });
    }
  const losses = new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss] as const] : [])));
  const dev = events.flatMap((event) => (event.type === 'devEvaluation' ? [[event.step, event.metrics] as const] : []));
  const result = { read, losses, dev: new Map(dev), weights: record?.weightsSha256, keptStep: record?.keptStep };
  return {
    db,
    result,
    record,
    failure,
    calls: control.calls,
    lost: events.filter(({ type }) => type === 'deviceLost').length,
  };
}

/**
 * Cancels the experiment's run at the given call of checkpoint() during training, then resumes it. Returns the run's
 * record after the cancellation and after the end.
 */
export async function cancelledAndResumed(call: number, small: SmallRun) {
  const { db, runId } = await prepared({}, small);
  const run = (control: RunControl): Promise<void> =>
    runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
  let calls = 0;
  class Cancelling extends RunControl {
    override async checkpoint(...given: Parameters<RunControl['checkpoint']>): Promise<void> {
      await super.checkpoint(...given);
      if ((await getRun(db, runId))?.phase === 'train' && ++calls === call) throw new AppError({ kind: 'cancelled' });
    }
  }
  await run(new Cancelling());
  const cancelled = await getRun(db, runId);
  await run(new RunControl());
  return { cancelled, resumed: await getRun(db, runId) };
}
