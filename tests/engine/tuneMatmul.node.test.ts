import { expect, it, vi } from 'vitest';
import { arrayLength } from '../../workers/engine/arrays';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import { candidateTilings } from '../../workers/engine/tuning/candidates';
import { kernelLimits } from '../../workers/engine/tuning/kernelLimits';
import { mostResults, SampleProduct } from '../../workers/engine/tuning/sampleProduct';
import { tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { HostTimer, TimestampTimer } from '../../workers/engine/tuning/workTimer';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { kernelShapesOfRun } from '../../workers/services/device/kernelPlanOfRun';
import { bertConfig } from './configs';
import { nullGpu } from './nullDevice';
import { seededRandom } from './random';

const config = bertConfig({
  layers: 2,
  hiddenSize: 128,
  heads: 4,
  intermediateSize: 256,
  vocabularySize: 100,
  maxPositions: 64,
});

it('measuring kernels keeps the default tiling if others differ in what some layers add to the product', async () => {
  const { gpu } = await nullGpu(['subgroups']);
  // A round begins and ends with the default tiling: here all others are twice as fast.
  for (const timer of [HostTimer.prototype, TimestampTimer.prototype])
    vi.spyOn(timer, 'times').mockImplementation((works) =>
      Promise.resolve(works.map((_, i) => (i === 0 || i === works.length - 1 ? 2 : 1))),
    );
  const random = seededRandom(5);
  // The first comparison covers all candidates together. Later ones compare a single candidate with the default tiling,
  // in the numbers that other layers add.
  vi.spyOn(gpu.commands, 'read').mockImplementation(({ shape }) => {
    const isLater = shape[0] === 2 * mostResults;
    return Promise.resolve(Float32Array.from({ length: arrayLength(shape) }, () => (isLater ? random() : 0)));
  });
  const candidates = (shape: MatmulShape) => candidateTilings(gpu.traits, kernelLimits(gpu), shape).slice(0, 3);
  const shapes = kernelShapesOfRun({ config, tokens: { training: 300, encoding: 2000 } });
  const tuned = await tuneMatmul(gpu, shapes, { budgetMs: 60_000, candidates });
  const several = tuned.filter(({ shape }) => new SampleProduct(gpu, shape).epilogues.length > 1);
  expect(several.length).toBeGreaterThan(1);
  for (const { shape, tiling, refused } of several) {
    expect(tiling, planKey(shape)).toEqual(candidates(shape)[0]);
    expect(refused?.bits).toBe(2);
  }
  expect(gpu.pool.liveArrays).toBe(0);
  gpu.dispose();
});
