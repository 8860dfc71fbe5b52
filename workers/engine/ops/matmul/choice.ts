import type { KernelPlan, Layout, MatmulChoice, MatmulTiling } from '../../../../src/domain/kernelPlan';
import { scratchFloats, type Traits } from '../../engine';

export type { Layout, MatmulChoice, MatmulTiling } from '../../../../src/domain/kernelPlan';

/**
 * Classes of epilogues with about equal cost: `gelu` computes erf for each number of y, `sums` also sums a's columns.
 */
export type EpilogueClass = 'plain' | 'gelu' | 'sums';

/** Shape of a product y [rows, columns]; `depth` is the length of the inner dimension. */
export interface MatmulShape {
  layout: Layout;
  epilogue: EpilogueClass;
  rows: number;
  columns: number;
  depth: number;
  /** Whether operands are stored in half precision, for which other tilings are fastest. */
  half?: boolean;
}

/** A measured choice is also used for token counts up to this many doublings or halvings away. */
const farthestBucket = 4;
/** Binding offsets must be multiples of 256 bytes. */
export const alignmentFloats = 64;
/** Minimum length of a part of the inner dimension. Below it, writing and adding the parts costs more than it saves. */
const shortestPart = 128;

/** Returns the plan's choice for this or a similar token count, else the default. Equal shapes get equal choices. */
export function choiceFor(traits: Traits, plan: KernelPlan | undefined, shape: MatmulShape): MatmulChoice {
  const { tiling, parts } = (plan && chosenInPlan(plan, shape)) ?? defaultChoice(traits, shape);
  return { tiling, parts: possibleParts(parts, shape) };
}

/**
 * Returns `parts`, or fewer if they would be too short or their results would not fit in the engine's scratch array.
 */
export function possibleParts(parts: number, { rows, columns, depth }: MatmulShape): number {
  const fitting = Math.floor((scratchFloats - alignmentFloats) / (rows * columns + rows));
  return Math.max(1, Math.min(parts, Math.floor(depth / shortestPart), fitting));
}

/** Returns the choice for a shape that was not measured. */
export function defaultChoice(traits: Traits, shape: MatmulShape): MatmulChoice {
  const tiling = defaultTiling(traits, shape.rows, shape.columns);
  return { tiling, parts: traits.software ? 1 : defaultParts(tiling, shape) };
}

/**
 * Returns the tile for a shape that was not measured: on software WebGPU, one that is fast and compiles quickly; on a
 * GPU, one that suits common register files.
 */
export function defaultTiling({ software }: Traits, rows: number, columns: number): MatmulTiling {
  if (software) {
    // Four threads form one SIMD group. The more results a thread computes, the fewer operands it reads for each.
    // 32 × 32 would be a seventh faster, but takes three seconds to compile.
    const side = (length: number, most: number): number =>
      Math.min(most, length >= 32 ? 32 : length >= 16 ? 16 : length >= 8 ? 8 : 4);
    return { threadRows: side(rows, 32), threadColumns: side(columns, 16), workgroup: [4, 1], sharedDepth: 0 };
  }
  const small = rows < 64 || columns < 64;
  return small
    ? { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 }
    : { threadRows: 8, threadColumns: 8, workgroup: [8, 8], sharedDepth: 16 };
}

/** Number of workgroups that keeps a GPU with a few dozen cores busy. */
const busyGroups = 128;

/**
 * Returns the default number of parts. A product of few tiles over a long inner dimension (a weight gradient with a
 * small hidden size, the scores of a batch) would otherwise leave most cores idle.
 */
export function defaultParts(tiling: MatmulTiling, { rows, columns, depth }: MatmulShape): number {
  const [x, y] = matmulGroups(tiling, rows, columns);
  if (2 * x * y > busyGroups) return 1;
  return Math.max(1, Math.min(16, Math.floor(busyGroups / (x * y)), Math.floor(depth / (2 * shortestPart))));
}

/** Returns the number of workgroups along columns and along rows. */
export function matmulGroups(
  { threadRows, threadColumns, workgroup }: MatmulTiling,
  rows: number,
  columns: number,
): readonly [number, number] {
  return [Math.ceil(columns / (threadColumns * workgroup[0])), Math.ceil(rows / (threadRows * workgroup[1]))];
}

function chosenInPlan({ matmul }: KernelPlan, shape: MatmulShape): MatmulChoice | undefined {
  for (let distance = 0; distance <= farthestBucket; distance++)
    for (const factor of distance === 0 ? [1] : [2 ** distance, 2 ** -distance]) {
      const choice = matmul[planKey(shape, factor)];
      if (choice) return choice;
    }
  return undefined;
}

/**
 * Returns a shape's key in a plan. Token counts are rounded up to a power of two; tokens are the rows in NN and NT and
 * the inner dimension in TN. `factor` scales the token count.
 */
export function planKey({ layout, epilogue, rows, columns, depth, half }: MatmulShape, factor = 1): string {
  const [tokens, first, second] = layout === 'TN' ? [depth, rows, columns] : [rows, depth, columns];
  return `${layout}${half ? ' half' : ''} ${epilogue} ${first}x${second} @${tokenBucket(tokens) * factor}`;
}

function tokenBucket(tokens: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, tokens)));
}
