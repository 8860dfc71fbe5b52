import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import { withLowestVersion } from '../../src/domain/experiment';
import type { StoredTensor } from '../../src/domain/modelTensors';
import { prefixRowsName, withPrefixRows } from '../../src/domain/train/prefix';
import { keptCheckpoint } from '../../src/storage/checkpoints';
import type { Database } from '../../src/storage/database';
import { readTensors, type StoredWeights } from '../../src/storage/weightReader';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const prefix: Partial<Stage> = { strategy: { kind: 'prefix', tokens: 2, side: 'queries' } };
const stages: Partial<Stage>[] = [{}, prefix];

async function weightsOf(
  db: Database,
  weights: StoredWeights,
  tensors: readonly StoredTensor[],
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for await (const [{ name }, values] of readTensors(db, weights, tensors)) found.set(name, values.slice());
  return found;
}

describe('a run that trains everything and then a prefix', () => {
  it('has the same bits if it is resumed between the stages or inside either', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stages });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [4, 7, 12].includes(call),
      {},
      { stages, pauses: (phase, call) => phase === 'train' && [2, 6, 10].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 3]);
    expect(disturbed.result).toEqual(undisturbed.result);
  });

  it('evaluates the base model without the prefix, and keeps weights from after the prefix was trained', async () => {
    const evaluation = { devEverySteps: 2, checkpoint: 'bestDev' } as const;
    const [both, full] = [
      await carriedOut(() => false, evaluation, { stages }),
      await carriedOut(() => false, evaluation, { stages: [{}] }),
    ];
    expect([both.failure, full.failure]).toEqual([undefined, undefined]);
    const before = (run: typeof both) =>
      run.result.read.filter(({ moment }) => moment === 'before').map((e) => e.metrics);
    expect(before(both)).toEqual(before(full));
    for (const step of [2, 4, 6]) expect(both.result.dev.get(step)).toEqual(full.result.dev.get(step));
    expect(both.record?.keptStep).toBeGreaterThan(6);
    const patient = await carriedOut(() => false, { ...evaluation, earlyStop: { patience: 1 } }, { stages });
    expect(patient.record?.keptStep).toBeGreaterThan(6);
    expect(both.record && withLowestVersion(both.record.experiment).schemaVersion).toBe(2);
  });
});

describe('a run that trains only a prefix', () => {
  it('leaves every old weight as it was, and stores moments of the new rows only', async () => {
    const { db, failure, record } = await carriedOut(() => false, {}, { stages: [prefix] });
    expect(failure).toBeUndefined();
    const [base] = await db.getAll('models');
    if (!base || !record) throw new Error('no run');
    const model = withPrefixRows(base, record.experiment.stages);
    const kept = await weightsOf(db, (await keptCheckpoint(db, record.runId)).weights, model.tensors);
    const old = await weightsOf(db, base, base.tensors);
    for (const [name, values] of old) expect(kept.get(name), name).toEqual(values);
    expect(kept.get(prefixRowsName)).toHaveLength(16);
    const [last] = (await db.getAll('checkpoints')).filter(({ role }) => role === 'latest');
    expect(last?.momentFloats).toBe(16);
  });
});

describe('a run with a prefix', () => {
  const other: Partial<Stage> = { strategy: { kind: 'prefix', tokens: ['[a]', '[b]'], side: 'queries' } };
  it.each([
    ['is in the vocabulary', ['w7', '[a]'], { kind: 'prefix-token-known', stage: 0, token: 'w7' }],
    ['leaves no room for a text', 10, { kind: 'prefix-too-many-tokens', stage: 0, tokens: 10, most: 9 }],
  ] as const)('is refused if a token %s', async (_, tokens, details) => {
    const strategy = {
      kind: 'prefix',
      tokens: typeof tokens === 'number' ? tokens : [...tokens],
      side: 'both',
    } as const;
    await expect(prepared({}, { stages: [{ strategy }], passages: 20 })).rejects.toMatchObject({ details });
  });

  it('is refused if another stage has a different prefix', async () => {
    await expect(prepared({}, { stages: [prefix, {}, other], passages: 20 })).rejects.toMatchObject({
      details: { kind: 'prefix-differs', stage: 2, first: 0 },
    });
  });
});
