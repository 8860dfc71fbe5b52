import { beforeAll, describe, expect, it } from 'vitest';
import prefix from '../fixtures/engine/prefix.json';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { prefixRowsName, withPrefixRows } from '../../src/domain/train/prefix';
import type { PrefixStrategy } from '../../src/domain/train/prefixSchema';
import { trainedBy } from '../../src/domain/train/trainedParameters';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { insertTokens } from '../../workers/services/tokenize/prefixTokens';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';
import { tokenBatch } from './tokenBatch';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

function prefixed(texts: number[][]): ReturnType<typeof tokenBatch> {
  const ids = Array.from({ length: prefix.tokens }, (_, i) => pytorch.config.vocabularySize + i);
  return insertTokens({ ...tokenBatch(texts), key: '', truncated: 0 }, { ids, at: 1 }, pytorch.config.maxPositions);
}

/** Trains the prefix for 50 steps; returns the numbers of each step and the bits of all weights. */
async function trained(side: PrefixStrategy['side'], stepStrategy?: StepStrategy) {
  const strategy: PrefixStrategy = { kind: 'prefix', tokens: prefix.tokens, side };
  const { tensors, config } = withPrefixRows({ ...pytorch, totalFloats: 0 }, [{ strategy }]);
  const parameters = new ParameterStore(deviceEngine(), tensors, [trainedBy({ strategy })]);
  for (const { name } of pytorch.tensors) parameters.write(name, pytorch.values(`weights/${name}`));
  parameters.write(prefixRowsName, Float32Array.from(prefix[side].initial));
  const adamW = new AdamWState(parameters);
  const moments = adamW.segments.m.arrays.reduce((sum, array) => sum + (array?.shape[0] ?? 0), 0);
  const optimizer = { kind: 'adamW', ...golden.optimizer } as const;
  const loss = infoNceLoss({ temperature: golden.temperature, directions: 'queryToPassage' });
  const options = { config, pooling: 'mean', loss, optimizer, dropout: 0, seed: 1, stepStrategy } as const;
  const trainer = new Trainer(options, parameters.segments, adamW.segments);
  const candidates = side === 'both' ? prefixed(golden.positives) : pytorch.positives;
  const batch = { anchors: prefixed(golden.anchors), candidates };
  const steps: TrainerNumbers[] = [];
  for (let step = 1; step <= 50; step++) steps.push(await trainer.step(batch, prefix.learningRate, step));
  const weights = new Map<string, Uint32Array>();
  for (const { name } of tensors) weights.set(name, new Uint32Array((await parameters.read(name)).slice().buffer));
  trainer.dispose();
  adamW.dispose();
  parameters.dispose();
  return { steps, weights, moments };
}

describe('training a prefix', () => {
  it.each(['queries', 'both'] as const)(
    'follows PyTorch for 50 steps and leaves every byte of the old rows as it was: before %s',
    async (side) => {
      await expectNoLeak(async () => {
        const { steps, weights, moments } = await trained(side);
        const expected = prefix[side];
        for (const [i, [loss = NaN]] of expected.steps.entries())
          expect(Math.abs((steps[i]?.loss ?? NaN) - loss), `step ${i + 1}`).toBeLessThan(Math.max(0.002 * loss, 0.001));
        for (const { name } of pytorch.tensors)
          expect(weights.get(name), name).toEqual(new Uint32Array(pytorch.values(`weights/${name}`).slice().buffer));
        const rows = new Float32Array(weights.get(prefixRowsName)?.buffer ?? new ArrayBuffer());
        for (const [i, value] of expected.trained.entries())
          expect(Math.abs((rows[i] ?? NaN) - value)).toBeLessThan(2e-3);
        expect(moments).toBe(128); // 3 · 32, aligned
      });
    },
  );

  it('gives the same bits when it is repeated, and nearly the same losses with GradCache', async () => {
    const [first, second] = [await trained('queries'), await trained('queries')];
    expect(second).toEqual(first);
    const { steps } = await trained('queries', { kind: 'gradCache', tokensPerPass: 32 });
    for (const [i, { loss }] of steps.entries()) expect(loss).toBeCloseTo(first.steps[i]?.loss ?? NaN, 3);
  });
});
