import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { defaultChoice, planKey, type MatmulChoice, type MatmulShape } from '../ops/matmul/choice';
import { candidateChoices } from './candidates';
import { fastest } from './fastest';
import { kernelLimits } from './kernelLimits';
import { withTokens, type TunedShape, type TuneOptions } from './measuredShape';
import { flopsOf } from './modelShapes';
import { ProductStand } from './productStand';

/** Times that one shape needs: a dozen candidates, and a few of them again. */
const timesPerShape = 20;

/**
 * Measures the candidates of each shape on this device, the shapes with most work first, and stops when the time is over, after one at least: shapes
 * that are left keep the choice without measuring. Where the device is slow, products of fewer tokens are measured in their stead.
 */
export async function tuneMatmul(
  gpu: WebGpuEngine,
  shapes: readonly MatmulShape[],
  options: TuneOptions,
): Promise<TunedShape[]> {
  const { budgetMs, now = () => performance.now(), between } = options;
  const deadline = now() + budgetMs;
  const expired = (): boolean => now() >= deadline;
  const ordered = shapes.toSorted((a, b) => flopsOf(b) - flopsOf(a));
  const tuned: TunedShape[] = [];
  let flopsPerMs = await firstRate(gpu, ordered[0], now);
  for (const [i, shape] of ordered.entries()) {
    if (i > 0 && expired()) break;
    const affordable = (flopsPerMs * budgetMs) / (ordered.length * timesPerShape);
    const measuredShape = withTokens(shape, affordable);
    const stand = new ProductStand(gpu, measuredShape, now);
    try {
      const choices = candidateChoices(gpu.traits, kernelLimits(gpu), measuredShape);
      const [first = defaultChoice(gpu.traits, measuredShape), ...rest] = choices;
      void stand.prepare(rest);
      const { best, ms, firstMs } = await fastest(
        [first, ...rest],
        (choice) => stand.timeOf(choice, flopsPerMs),
        expired,
      );
      const flops = flopsOf(measuredShape);
      tuned.push({ shape, choice: best, gflops: flops / ms / 1e6, defaultGflops: flops / firstMs / 1e6 });
      flopsPerMs = Math.max(flopsPerMs, flops / ms);
    } finally {
      stand.free();
    }
    await between?.(i + 1, ordered.length);
  }
  gpu.commands.submit();
  gpu.pool.trim(0);
  return tuned;
}

/** The choices by the names under which the plan keeps them. */
export function planChoices(tuned: readonly TunedShape[]): Record<string, MatmulChoice> {
  return Object.fromEntries(tuned.map(({ shape, choice }) => [planKey(shape), choice]));
}

/** FLOPs a millisecond at the fewest tokens, by the choice without measuring. The first time is once only, and waits for a shader to be compiled. */
async function firstRate(gpu: WebGpuEngine, shape: MatmulShape | undefined, now: () => number): Promise<number> {
  if (!shape) return 1;
  const few = withTokens(shape, 0);
  const stand = new ProductStand(gpu, few, now);
  const choice = defaultChoice(gpu.traits, few);
  try {
    let flopsPerMs = 0;
    for (let round = 0; round < 3; round++)
      flopsPerMs = flopsOf(few) / ((await stand.timeOf(choice, round === 0 ? 0 : flopsPerMs)) ?? Infinity);
    return flopsPerMs;
  } finally {
    stand.free();
  }
}
