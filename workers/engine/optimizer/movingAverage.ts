import { arrayLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';
import type { TrainedRange } from '../model/segmentLayout';

/**
 * Moves the average of one segment towards its weights: average ← average + (1 − decay)·(weights − average), as
 * torch.optim.swa_utils.get_ema_multi_avg_fn. If the gradient norm, numbers[at], is not finite, AdamW has changed no
 * weight, and the average does not change either. With `ranges`, only these parts of the segment are averaged.
 */
export function movingAverage(
  engine: Engine,
  { weights, average, numbers }: Record<'weights' | 'average' | 'numbers', DeviceArray>,
  decay: number,
  at: number,
  ranges: readonly TrainedRange[] = [{ first: 0, end: arrayLength(weights.shape) }],
): void {
  const { quadsPerGroup, average: run } = engine.traits.software ? softwareKernels : gpuKernels;
  for (const { first, end } of ranges) {
    const params = { length: end - first, firstQuad: first / 4, at, rest: 1 - decay };
    const groups = Math.ceil((end - first) / 4 / quadsPerGroup);
    engine.commands.dispatch(run, { weights, numbers, average }, params, groups);
  }
}

/** Builds the kernel. Each thread loads all of its vec4s before it computes, so that enough loads are in flight. */
function makeAverage(threads: number, quadsPerThread: number) {
  const each = (statement: (n: number) => string): string =>
    Array.from({ length: quadsPerThread }, (_, n) => `  ${statement(n)}`).join('\n');
  return {
    quadsPerGroup: threads * quadsPerThread,
    average: kernel({
      name: 'moving average',
      params: { length: 'u32', firstQuad: 'u32', at: 'u32', rest: 'f32' },
      reads: { weights: 'vec4<f32>', numbers: 'f32' },
      writes: { average: 'vec4<f32>' },
      workgroup: [threads, 1, 1],
      wasm: { call: 'movingAverage', items: ({ length }) => Math.ceil(length / 4) },
      body: `
  // Test the bits: a shader compiler may assume that no number is NaN or infinite.
  if ((bitcast<u32>(numbers[p.at]) & 0x7f800000u) == 0x7f800000u) { return; }
  let end = p.firstQuad + (p.length + 3u) / 4u;
${each((n) => `let i${n} = p.firstQuad + group * ${threads * quadsPerThread}u + lane + ${threads * n}u;`)}
${each((n) => `let j${n} = min(i${n}, end - 1u);`)}
${each((n) => `let w${n} = weights[j${n}];`)}
${each((n) => `let a${n} = average[j${n}];`)}
${each((n) => `if (i${n} < end) { average[i${n}] = fma(w${n} - a${n}, vec4<f32>(p.rest), a${n}); }`)}`,
    }),
  };
}

const gpuKernels = makeAverage(256, 4);
/** Software adapters run faster with one vec4 per thread. */
const softwareKernels = makeAverage(64, 1);
