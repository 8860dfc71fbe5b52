import { arrayLength, rangeOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';
import type { TrainedRange } from '../model/segmentLayout';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** Half-precision copy of a segment's weights, starting at number `first`, which is a multiple of four. */
export interface HalfCopy {
  array: DeviceArray;
  first: number;
}

/**
 * One step of AdamW (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2; as torch.optim.AdamW) on one segment of
 * parameters, which all have weight decay or all have none. With learning rate η, decay λ, clipped gradient g, step t
 * from 1: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ·(1 − ηλ) − (η/(1 − β₁ᵗ))·m/(√v/√(1 − β₂ᵗ) + ε). The host
 * computes the bias corrections in float64, because float32 would cause a relative error of 1e-5 in v.
 *
 * numbers[at] is the gradient norm and numbers[at + 1] the factor that clips the gradients. If the norm is not finite,
 * the kernel changes nothing, so that the run stops with its last good weights. If given, `half` receives the new
 * weights too. With `ranges`, only these parts of the segment are updated.
 */
export function adamW(
  engine: Engine,
  segment: Record<'weights' | 'gradients' | 'm' | 'v' | 'numbers', DeviceArray>,
  options: AdamWOptions & {
    learningRate: number;
    step: number;
    decayed: boolean;
    ranges?: readonly TrainedRange[] | undefined;
  },
  at: number,
  half?: HalfCopy,
): void {
  const { beta1, beta2, epsilon, learningRate, step, decayed, weightDecay } = options;
  const length = arrayLength(segment.weights.shape);
  const params = {
    length,
    at,
    beta1,
    beta2,
    epsilon,
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    shrink: decayed ? 1 - learningRate * weightDecay : 1,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
  };
  const { quadsPerGroup, whole, range: ofRange } = engine.traits.software ? softwareKernels : gpuKernels;
  const groups = (floats: number): number => Math.ceil(floats / 4 / quadsPerGroup);
  const halfRange = half && { halfFirst: half.first / 4, halfQuads: arrayLength(half.array.shape) / 4 };
  if (!options.ranges) {
    if (!half || !halfRange) return engine.commands.dispatch(whole.plain, segment, params, groups(length));
    const arrays = { ...segment, half: half.array };
    return engine.commands.dispatch(whole.withHalf, arrays, { ...params, ...halfRange }, groups(length));
  }
  for (const { first, end } of options.ranges) {
    const rangeParams = { ...params, length: end - first, firstQuad: first / 4 };
    if (engine.traits.wasm) engine.commands.dispatch(whole.plain, partOf(segment, first, end), rangeParams, 1);
    else if (!half || !halfRange) engine.commands.dispatch(ofRange.plain, segment, rangeParams, groups(end - first));
    else
      engine.commands.dispatch(
        ofRange.withHalf,
        { ...segment, half: half.array },
        { ...rangeParams, ...halfRange },
        groups(end - first),
      );
  }
}

/** Returns views of a range. Only wasm binds arrays at any offset; on a GPU the kernel adds it. */
function partOf<Arrays extends Record<'weights' | 'gradients' | 'm' | 'v' | 'numbers', DeviceArray>>(
  segment: Arrays,
  first: number,
  end: number,
): Arrays {
  const part = (array: DeviceArray): DeviceArray => rangeOf(array, first, end);
  const { weights, gradients, m, v } = segment;
  return { ...segment, weights: part(weights), gradients: part(gradients), m: part(m), v: part(v) };
}

const adamWParams = {
  length: 'u32',
  at: 'u32',
  beta1: 'f32',
  beta2: 'f32',
  epsilon: 'f32',
  rest1: 'f32',
  rest2: 'f32',
  shrink: 'f32',
  stepSize: 'f32',
  rootCorrection: 'f32',
} as const;

/**
 * Returns the WGSL of a kernel. Each thread loads all of its vec4s before it computes, so that enough loads are in
 * flight to keep the memory busy. `first` is added to the number of a vec4, and `copy` stores the new weights of the
 * thread's nth vec4 once more.
 */
function adamWBody(threads: number, quadsPerThread: number, first: string, copy: (n: number) => string): string {
  const each = (statement: (n: number) => string): string =>
    Array.from({ length: quadsPerThread }, (_, n) => `  ${statement(n)}`).join('\n');
  return `
  // Test the bits: a shader compiler may assume that no number is NaN or infinite.
  let broken = (bitcast<u32>(numbers[p.at]) & 0x7f800000u) == 0x7f800000u;
  let clip = numbers[p.at + 1u];
  let end = ${first}(p.length + 3u) / 4u;
${each((n) => `let i${n} = ${first}group * ${threads * quadsPerThread}u + lane + ${threads * n}u;`)}
${each((n) => `let j${n} = min(i${n}, end - 1u);`)}
${each((n) => `let g${n} = gradients[j${n}] * clip;`)}
${each((n) => `let m${n} = m[j${n}];`)}
${each((n) => `let v${n} = v[j${n}];`)}
${each((n) => `let w${n} = weights[j${n}];`)}
  if (broken) { return; }
${each(
  (n) => `if (i${n} < end) {
    let m1 = fma(g${n}, vec4<f32>(p.rest1), m${n} * p.beta1);
    let v1 = fma(g${n} * g${n}, vec4<f32>(p.rest2), v${n} * p.beta2);
    let w1 = fma(m1 / (sqrt(v1) / p.rootCorrection + p.epsilon), vec4<f32>(-p.stepSize), w${n} * p.shrink);
    m[i${n}] = m1;
    v[i${n}] = v1;
    weights[i${n}] = w1;${copy(n)}
  }`,
)}`;
}

/** Builds the kernels, without and with a half-precision copy. */
function makeAdamW(threads: number, quadsPerThread: number) {
  const body = (first: string, copy: (n: number) => string): string => adamWBody(threads, quadsPerThread, first, copy);
  const copy = (n: number): string => `
    let h${n} = i${n} - p.halfFirst;
    if (h${n} < p.halfQuads) { half[h${n}] = w1; }`;
  const reads = { gradients: 'vec4<f32>', numbers: 'f32' } as const;
  const writes = { weights: 'vec4<f32>', m: 'vec4<f32>', v: 'vec4<f32>' } as const;
  const halfWrites = { ...writes, half: 'vec4<f32>' } as const;
  const common = { reads, workgroup: [threads, 1, 1] } as const;
  const halfParams = { ...adamWParams, halfFirst: 'u32', halfQuads: 'u32' } as const;
  const wasm = { call: 'adamW', items: ({ length }: { length: number }) => Math.ceil(length / 4) } as const;
  const first = 'p.firstQuad + ';
  return {
    quadsPerGroup: threads * quadsPerThread,
    whole: {
      plain: kernel({ ...common, name: 'adamW', params: adamWParams, writes, wasm, body: body('', () => '') }),
      withHalf: kernel({
        ...common,
        name: 'adamW with half copies',
        params: halfParams,
        writes: halfWrites,
        body: body('', copy),
      }),
    },
    range: {
      plain: kernel({
        ...common,
        name: 'adamW of a range',
        params: { ...adamWParams, firstQuad: 'u32' },
        writes,
        body: body(first, () => ''),
      }),
      withHalf: kernel({
        ...common,
        name: 'adamW of a range with half copies',
        params: { ...halfParams, firstQuad: 'u32' },
        writes: halfWrites,
        body: body(first, copy),
      }),
    },
  };
}

const gpuKernels = makeAdamW(256, 4);
/** Software adapters run faster with one vec4 per thread. */
const softwareKernels = makeAdamW(64, 1);
