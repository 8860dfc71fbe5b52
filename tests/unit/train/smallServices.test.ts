import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { RunEvent, RunRecord } from '../../../src/domain/run';
import { writeCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getRun, putRun } from '../../../src/storage/runs';
import { giveUpTuning } from '../../../workers/services/train/fixKernelPlan';
import { modelOfExperiment } from '../../../workers/services/train/modelOfExperiment';
import { noteBuild } from '../../../workers/services/train/noteBuild';
import { refuseMissingPrecision, refuseTooLittleMemory } from '../../../workers/services/train/refuseRun';
import { RunLog } from '../../../workers/services/train/runLog';
import type { TuningState } from '../../../workers/services/train/runSession';
import { storedExperiment } from '../../../workers/services/train/storedExperiment';
import { fill, sections, storeModel } from '../project/support';
import { freshDatabase, runRecord, storedExperiment as experimentRow } from '../storage/support';

describe('a run that another build continues', () => {
  async function noted(changes: Partial<RunRecord>, build: string, step?: number) {
    const db = await freshDatabase();
    const record = runRecord('r', 'e', { build: '1', kernelPlan: '{}', ...changes });
    await putRun(db, record);
    if (step !== undefined) {
      const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
      await writeCheckpoint(db, { runId: 'r', step, role: 'latest', loopState, sections: sections(4, [1]) });
    }
    const events: RunEvent[] = [];
    await noteBuild(db, record, build, await RunLog.open(db, 'r', (batch) => void events.push(...batch)));
    return { record: await getRun(db, 'r'), events };
  }

  it('has the step at which the build changed in its record and its events', async () => {
    const { record, events } = await noted({}, '2', 7);
    expect(record).toMatchObject({ build: '1', buildChanges: [{ step: 7, build: '2' }] });
    expect(events).toMatchObject([{ type: 'buildChanged', step: 7, build: '2' }]);
    expect((await noted({}, '2')).record?.buildChanges).toEqual([{ step: 0, build: '2' }]);
  });

  it('keeps its earlier changes, and counts a change back to its first build', async () => {
    const earlier = [{ step: 2, build: '2' }];
    const { record } = await noted({ buildChanges: earlier }, '1', 5);
    expect(record?.buildChanges).toEqual([...earlier, { step: 5, build: '1' }]);
  });

  it('has no change if the build is the same as before', async () => {
    for (const changes of [{}, { build: '0', buildChanges: [{ step: 2, build: '1' }] }]) {
      const { record, events } = await noted(changes, '1', 5);
      expect([record?.buildChanges, events]).toEqual([(changes as Partial<RunRecord>).buildChanges, []]);
    }
  });

  it('gets the new build if it has not begun', async () => {
    const { record, events } = await noted({ kernelPlan: '' }, '2');
    expect([record?.build, record?.buildChanges, events]).toEqual(['2', undefined, []]);
  });
});

describe('a device that lacks a precision', () => {
  const refusal = (precisions: (string | undefined)[], half: boolean, matrices: boolean): AppErrorDetails | null => {
    try {
      refuseMissingPrecision({ stages: precisions.map((precision) => ({ precision })) } as never, { half, matrices });
      return null;
    } catch (thrown) {
      if (thrown instanceof AppError) return thrown.details;
      throw thrown;
    }
  };

  it('is refused with the first stage that needs it', () => {
    expect(refusal([undefined, 'mixed', 'mixed'], false, true)).toEqual({ kind: 'half-unavailable', stage: 1 });
    expect(refusal(['mixed'], false, true)).toEqual({ kind: 'half-unavailable', stage: 0 });
    expect(refusal(['mixed-matrices'], true, false)).toEqual({ kind: 'matrices-unavailable', stage: 0 });
  });

  it('is accepted if it has what the stages need, or they need nothing', () => {
    expect(refusal(['mixed', 'mixed-matrices'], true, true)).toBeNull();
    expect(refusal([undefined, 'full'], false, false)).toBeNull();
    expect(refusal(['mixed'], true, false)).toBeNull();
    expect(refusal(['mixed-matrices'], false, true)).toBeNull();
  });
});

it('a run that fits its memory budget is not refused', () => {
  expect(() => refuseTooLittleMemory({ choice: { fits: true } } as never)).not.toThrow();
});

describe('a device that failed while kernels were measured', () => {
  const given = (running: boolean, kind: string): [boolean, TuningState] => {
    const tuning: TuningState = { running };
    return [giveUpTuning(tuning, new AppError({ kind } as never)), tuning];
  };

  it.each(['gpu-device-lost', 'gpu-out-of-memory', 'unexpected'])('is not measured again after %s', (kind) => {
    const rulesBecause = kind === 'gpu-device-lost' ? 'device-lost' : 'measuring-failed';
    expect(given(true, kind)).toEqual([true, { running: false, rulesBecause }]);
    expect(given(false, kind)).toEqual([false, { running: false }]);
  });

  it('may be measured again if the user cancelled', () => {
    expect(given(true, 'cancelled')).toEqual([false, { running: false }]);
  });
});

describe('the stored record that a run needs', () => {
  it('is the model that the experiment names, with its settings', async () => {
    const db = await freshDatabase();
    const { experiment } = await fill(db);
    const found = await modelOfExperiment(db, experiment);
    expect(found.model.contentSha256).toBe(experiment.model?.contentSha256);
    expect(found.settings).toEqual(experiment.model);
  });

  it('is refused as a missing model if none is chosen, or the chosen one is not stored', async () => {
    const db: Database = await freshDatabase();
    const { contentSha256 } = await storeModel(db);
    const failure = async (model: object | null): Promise<unknown> =>
      modelOfExperiment(db, { model } as never).then(
        () => null,
        (error: unknown) => (error as AppError).details,
      );
    expect(await failure(null)).toEqual({ kind: 'model-missing' });
    expect(await failure({ contentSha256: 'x' })).toEqual({ kind: 'model-missing', contentSha256: 'x' });
    expect(await failure({ contentSha256 })).toBeNull();
  });

  it('is an experiment, which is refused by its id if it is not stored', async () => {
    const db = await freshDatabase();
    const row = experimentRow('e');
    await db.put('experiments', row);
    expect(await storedExperiment(db, 'e')).toEqual(row.experiment);
    const details = { kind: 'not-found', what: 'experiment', id: 'x' };
    await expect(storedExperiment(db, 'x')).rejects.toMatchObject({ details });
  });
});
