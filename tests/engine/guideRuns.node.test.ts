import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/errors';
import type { ExperimentModel } from '../../src/domain/experiment';
import type { InfoNceSettings } from '../../src/domain/train/lossSchema';
import { getRun } from '../../src/storage/runs';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { cancelledAndResumed, carriedOut } from './losingRun';
import { modelSha256, prepared } from './smallRun';

const settings = { pooling: 'mean', normalize: true, maxTokens: 12, queryPrefix: '', passagePrefix: '' } as const;
const base: ExperimentModel = { contentSha256: modelSha256, ...settings };
const other: ExperimentModel = { contentSha256: 'f'.repeat(64), ...settings, maxTokens: 10, queryPrefix: 'w1 ' };
const models = [{ contentSha256: other.contentSha256, seed: 9 }];

function guidedBy(model: ExperimentModel | null): InfoNceSettings {
  const byScore = { kind: 'absolute' as const, margin: 0, ...(model ? { model } : {}) };
  return { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'both', falseNegatives: { byScore } };
}

/** Two stages with a guide each, the second also with explicit negatives. */
const guided = {
  stages: [{ loss: guidedBy(other) }, { loss: guidedBy(base), negatives: { from: 'random' as const, perAnchor: 2 } }],
  models,
};

describe('a run with a guide', () => {
  it('begins with the loss of a model that guides itself if the guide is the base model, and then differs', async () => {
    const lossesOf = async (loss: InfoNceSettings): Promise<number[]> => {
      const { failure, result } = await carriedOut(() => false, {}, { stages: [{ loss, dropout: 0 }], models });
      expect(failure).toBe(undefined);
      return [...result.losses.values()];
    };
    const [self, byBase, byOther] = [
      await lossesOf(guidedBy(null)),
      await lossesOf(guidedBy(base)),
      await lossesOf(guidedBy(other)),
    ];
    expect(byBase[0]).toBeCloseTo(self[0] ?? NaN, 5);
    expect(byBase).not.toEqual(self);
    expect(Math.abs((byOther[0] ?? NaN) - (self[0] ?? NaN))).toBeGreaterThan(0.001);
  });

  it('has identical weights after the device was lost while the guide encoded and while training', async () => {
    const undisturbed = await carriedOut(() => false, {}, guided);
    const loses = (phase: string, call: number): boolean =>
      (phase === 'prepare' && [2, 5].includes(call)) || (phase === 'train' && [5, 11].includes(call));
    const disturbed = await carriedOut(loses, {}, guided);
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 4]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const unguided = await carriedOut(() => false, {}, { ...guided, stages: [{}, guided.stages[1] ?? {}] });
    expect(unguided.result.weights).not.toBe(undisturbed.result.weights);
  });

  it('has identical weights when it was cancelled in the second stage and is resumed', async () => {
    const { result } = await carriedOut(() => false, {}, guided);
    const { cancelled, resumed } = await cancelledAndResumed(9, guided);
    expect(cancelled).toMatchObject({ status: 'cancelled', phase: 'train' });
    expect(resumed).toMatchObject({ status: 'done', weightsSha256: result.weights });
  });

  it('is refused before it starts if the guide is not stored', async () => {
    const refused: unknown = await prepared({}, { stages: [{}, { loss: guidedBy(other) }] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(refused instanceof AppError && refused.details).toEqual({
      kind: 'guide-missing',
      stage: 1,
      contentSha256: other.contentSha256,
    });
  });

  it('fails with the same sentence if the guide was deleted after the run was created', async () => {
    const { db, runId } = await prepared({}, guided);
    await db.delete('models', other.contentSha256);
    const deps = { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined };
    await expect(runExperiment(deps, runId)).rejects.toMatchObject({ details: { kind: 'guide-missing', stage: 0 } });
  });

  it('no longer needs its guide once it is resumed after its last step', async () => {
    const { result } = await carriedOut(() => false, {}, guided);
    const { db, runId } = await prepared({}, guided);
    const run = (control: RunControl): Promise<void> =>
      runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
    class Cancelling extends RunControl {
      override async checkpoint(...given: Parameters<RunControl['checkpoint']>): Promise<void> {
        await super.checkpoint(...given);
        if ((await getRun(db, runId))?.phase === 'evaluateAfter') throw new AppError({ kind: 'cancelled' });
      }
    }
    await run(new Cancelling());
    expect(await getRun(db, runId)).toMatchObject({ status: 'cancelled', phase: 'evaluateAfter' });
    await db.delete('models', other.contentSha256);
    await run(new RunControl());
    expect(await getRun(db, runId)).toMatchObject({ status: 'done', weightsSha256: result.weights });
  });

  it('needs only the guides of the stages that are left when it is resumed', async () => {
    const { result } = await carriedOut(() => false, {}, guided);
    const { db, runId } = await prepared({}, guided);
    const run = (control: RunControl): Promise<void> =>
      runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
    let calls = 0;
    class Cancelling extends RunControl {
      override async checkpoint(...given: Parameters<RunControl['checkpoint']>): Promise<void> {
        await super.checkpoint(...given);
        if ((await getRun(db, runId))?.phase === 'train' && ++calls === 9) throw new AppError({ kind: 'cancelled' });
      }
    }
    await run(new Cancelling());
    await db.delete('models', other.contentSha256); // the guide of the first stage
    await run(new RunControl());
    expect(await getRun(db, runId)).toMatchObject({ status: 'done', weightsSha256: result.weights });
  });
});
