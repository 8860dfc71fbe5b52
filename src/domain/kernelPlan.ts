import * as v from 'valibot';
import { canonicalJson } from './canonicalJson';

/**
 * Which operand of a matrix product is stored transposed: NN y = a·b, NT y = a·bᵀ (a linear layer with weights [out, in]), TN y = aᵀ·b (its
 * weight gradient).
 */
export type Layout = 'NN' | 'NT' | 'TN';

/** Bounds keep a plan out of a foreign project file from asking for shaders that take minutes to compile. */
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const threadSide = v.picklist([4, 8, 16, 32]);

const tilingSchema = v.object({
  threadRows: threadSide,
  threadColumns: threadSide,
  workgroup: v.pipe(
    v.tuple([count(256), count(256)]),
    v.check(([x, y]) => x * y <= 256),
    v.readonly(),
  ),
  sharedDepth: v.picklist([0, 8, 16, 32]),
  subgroups: v.optional(v.boolean()),
  matrixSide: v.optional(v.picklist([8, 16])),
});

/** How one matrix product is cut up. Each thread computes threadRows × threadColumns numbers. */
export interface MatmulTiling {
  threadRows: number;
  threadColumns: number;
  /** Threads of a workgroup, along columns and along rows. */
  workgroup: readonly [number, number];
  /** How much of the inner dimension a workgroup holds in its shared memory at once; 0: each thread reads what it needs by itself. */
  sharedDepth: number;
  /** The threads of a subgroup read the rows' numbers together and hand them on. Needs the feature `subgroups`, one row of threads, no shared memory. */
  subgroups?: boolean | undefined;
  /** Subgroups multiply fragments of so many rows and columns by their matrix units. For operands in half precision. */
  matrixSide?: 8 | 16 | undefined;
}

/** `parts`: into how many the inner dimension is cut; each gives a product of its own, and these are added in order. */
export interface MatmulChoice {
  tiling: MatmulTiling;
  parts: number;
}

const planSchema = v.object({
  backend: v.picklist(['webgpu', 'wasm']),
  kernels: v.number(),
  matmul: v.record(v.string(), v.object({ tiling: tilingSchema, parts: count(64) })),
});

/**
 * What decides the order in which a run adds: stored with the run, so that it goes on with the same bits. Products that `matmul` does not
 * name are cut up by fixed rules of this version of the kernels.
 */
export interface KernelPlan {
  backend: 'webgpu' | 'wasm';
  /** Version of the kernels, `kernelsVersion` of the program that made the plan. */
  kernels: number;
  matmul: Readonly<Record<string, MatmulChoice>>;
}

/** Raised whenever kernels change so that the same plan gives other bits, or other plans are best. */
export const kernelsVersion = 2;

export function unmeasuredPlan(backend: KernelPlan['backend']): KernelPlan {
  return { backend, kernels: kernelsVersion, matmul: {} };
}

/** Canonical JSON: equal plans are equal texts. */
export function formatKernelPlan(plan: KernelPlan): string {
  return canonicalJson(plan);
}

/** Null for what is no plan: a run that has none yet, or one of an older program. */
export function parseKernelPlan(text: string): KernelPlan | null {
  try {
    const parsed = v.safeParse(planSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
