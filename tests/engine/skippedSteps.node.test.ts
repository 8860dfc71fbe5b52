import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { describe, expect, it, vi } from 'vitest';
import type { LossScale } from '../../src/domain/train/lossScale';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { Trainer, type TrainerNumbers } from '../../workers/engine/trainer';
import { adamWConfig, tinyConfig } from './configs';
import { nullGpu } from './nullDevice';
import { tensorLayout } from './tensorLayout';
import { tokenBatch } from './tokenBatch';

const batch = tokenBatch([
  [1, 2],
  [3, 4],
]);
const learningRate = 1e-3;

/** Opens a trainer in mixed precision on a device that computes nothing. */
async function opened(lossScale: LossScale) {
  const { gpu } = await nullGpu(['shader-f16']);
  const layout = layOutSegments(tensorLayout(parameterShapes(tinyConfig)));
  const [weights, m, v] = [new SegmentTable(gpu, layout), new SegmentTable(gpu, layout), new SegmentTable(gpu, layout)];
  const loss = infoNceLoss({ temperature: 0.05, directions: 'both' });
  const options = { config: tinyConfig, pooling: 'mean', loss, dropout: 0, seed: 1 } as const;
  const trainer = new Trainer({ ...options, optimizer: adamWConfig(learningRate), lossScale }, weights, { m, v });
  const dispatch = vi.spyOn(gpu.commands, 'dispatch');
  const close = (): void => {
    trainer.dispose();
    for (const table of [weights, m, v]) table.dispose();
    expect(gpu.pool.liveArrays).toBe(0);
    gpu.dispose();
  };
  /** Returns the values of a parameter in all dispatches so far that have it. */
  const given = (param: string): number[] =>
    dispatch.mock.calls.flatMap(([, , params]) =>
      Object.entries(params).flatMap(([name, x]) => (name === param ? [x] : [])),
    );
  return { gpu, trainer, given, close };
}

const stepSize = (update: number): number => learningRate / (1 - 0.9 ** update);

it("AdamW's bias corrections count only the steps that changed the weights", async () => {
  const { trainer, given, close } = await opened({ scale: 1024, goodSteps: 0, skipped: 3 });
  await trainer.step({ anchors: batch, candidates: batch }, learningRate, 5);
  // One dispatch updates the parameters with weight decay and one those without. Three of the five steps were skipped.
  expect(given('stepSize')).toEqual([stepSize(2), stepSize(2)]);
  close();
});

describe('a step in mixed precision that begins before the previous one is known to be skipped', () => {
  /** Trains five steps. The nth step computed by the device has the gradient norm `norms[n]`. */
  async function trained(norms: readonly number[], isAhead: boolean) {
    const { gpu, trainer, given, close } = await opened({ scale: 1024, goodSteps: 198, skipped: 0 });
    const clear = vi.spyOn(gpu.commands, 'clear');
    let computed = 0;
    vi.spyOn(gpu.commands, 'read').mockImplementation(() =>
      Promise.resolve(Float32Array.of(0.5, 0, 0, 0, norms[computed++] ?? 1, 1)),
    );
    const numbers: TrainerNumbers[] = [];
    for (let step = 1; step <= 5; step++) {
      trainer.begin({ anchors: batch, candidates: batch }, learningRate, step);
      if (!isAhead || step > 1) numbers.push(await trainer.finish());
    }
    if (isAhead) numbers.push(await trainer.finish());
    const seen = { stepSizes: given('stepSize'), unscaled: given('unscale').map((factor) => 1 / factor) };
    const cleared = clear.mock.calls.filter(([{ shape }]) => shape.join() === '1').length; // the flag is [1]
    const end = trainer.lossScale;
    close();
    return { numbers, end, cleared, ...seen };
  }

  it('is computed again with the smaller scale, and ends like steps computed one by one', async () => {
    const oneByOne = await trained([1, Infinity, 1, 1, 1], false);
    // On a device, the norm of step 3 is not finite either until step 2 has been dealt with, so step 3 must change
    // nothing.
    const ahead = await trained([1, Infinity, NaN, 1, 1, 1], true);
    expect(ahead.numbers).toEqual(oneByOne.numbers);
    expect(ahead.end).toEqual(oneByOne.end);
    expect(ahead.end).toEqual({ scale: 512, goodSteps: 3, skipped: 1 });
    expect(oneByOne.numbers.map(({ skipped = false }) => skipped)).toEqual([false, true, false, false, false]);
    expect(oneByOne.unscaled).toEqual([1024, 1024, 512, 512, 512]);
    expect(ahead.unscaled).toEqual([1024, 1024, 2048, 512, 512, 512]);
    const computed = (updates: number[]): number[] => updates.flatMap((update) => [stepSize(update), stepSize(update)]);
    expect(oneByOne.stepSizes).toEqual(computed([1, 2, 2, 3, 4]));
    expect(ahead.stepSizes).toEqual(computed([1, 2, 3, 2, 3, 4]));
    expect([oneByOne.cleared, ahead.cleared]).toEqual([1, 1]);
  });

  it('begins with the doubled scale after enough steps without an overflow', async () => {
    const ahead = await trained([1, 1, 1, 1, 1], true);
    expect(ahead.unscaled).toEqual([1024, 1024, 2048, 2048, 2048]);
    expect(ahead.numbers.map(({ lossScale }) => lossScale)).toEqual([1024, 1024, 2048, 2048, 2048]);
  });
});
