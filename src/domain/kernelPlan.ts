import * as v from 'valibot';
import { canonicalJson } from './canonicalJson';
import { isSameFragment, matrixFragments, type MatrixFragment } from './matrixFragment';

/**
 * Which operand of a matrix product is stored transposed. NN: y = a·b. NT: y = a·bᵀ, a linear layer with weights
 * [out, in]. TN: y = aᵀ·b, the weight gradient of that layer.
 */
export type Layout = 'NN' | 'NT' | 'TN';

/**
 * Positive integer with an upper bound, so that a plan from someone else's project file cannot request shaders that
 * take minutes to compile.
 */
const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
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
  prefetch: v.optional(v.boolean()),
  subgroups: v.optional(v.boolean()),
});

/** Tiling of a matrix product. Each thread computes threadRows × threadColumns outputs. */
export interface MatmulTiling {
  threadRows: number;
  threadColumns: number;
  /** Workgroup size in threads: [along columns, along rows]. */
  workgroup: readonly [number, number];
  /**
   * Depth of the operand tiles in shared memory, along the inner dimension. With 0, no shared memory is used and every
   * thread reads its own operands.
   */
  sharedDepth: number;
  /** Whether threads read the next tile of the operands into registers before they multiply the current one. */
  prefetch?: boolean | undefined;
  /**
   * Whether the threads of a subgroup load the rows of `a` together and share them with subgroupShuffle. Needs the
   * feature `subgroups`, a workgroup with a single row of threads, and sharedDepth 0.
   */
  subgroups?: boolean | undefined;
}

const planSchema = v.object({
  backend: v.picklist(['webgpu', 'wasm']),
  kernels: v.number(),
  matmul: v.record(v.string(), tilingSchema),
  matrices: v.optional(
    v.pipe(
      v.object({ rows: v.number(), columns: v.number(), depth: v.number() }),
      v.check((fragment) => matrixFragments.some((known) => isSameFragment(known, fragment))),
    ),
  ),
});

/**
 * Tilings of a run's matrix products. A tiling decides which thread computes a number, never in which order its terms
 * are added. The plan is stored with the run. Products missing from `matmul` are tiled by the fixed rules of this
 * kernel version.
 */
export interface KernelPlan {
  backend: 'webgpu' | 'wasm';
  /** `kernelsVersion` of the build that made the plan. */
  kernels: number;
  matmul: Readonly<Record<string, MatmulTiling>>;
  /**
   * Fragment of the products on matrix units, in runs that use them. Unlike a tiling, it decides the order in which the
   * terms of a number are added.
   */
  matrices?: MatrixFragment | undefined;
}

/**
 * Raise this whenever a kernel change alters the results of a plan, even in one bit, or makes other plans the fastest.
 */
export const kernelsVersion = 3;

/** Returns a plan in which the fixed rules tile every product. */
export function unmeasuredPlan(backend: KernelPlan['backend']): KernelPlan {
  return { backend, kernels: kernelsVersion, matmul: {} };
}

/** Returns the plan's canonical JSON, so that equal plans have equal strings. */
export function formatKernelPlan(plan: KernelPlan): string {
  return canonicalJson(plan);
}

/**
 * Parses a stored plan. Returns null if the text is not a plan in the current format: the run has not started, or an
 * older build wrote the text.
 */
export function parseKernelPlan(text: string): KernelPlan | null {
  try {
    const parsed = v.safeParse(planSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
