import type { KernelPlan, Layout, MatmulChoice, MatmulTiling } from '../../../../src/domain/kernelPlan';
import { scratchFloats, type Traits } from '../../engine';

export type { Layout, MatmulChoice, MatmulTiling } from '../../../../src/domain/kernelPlan';

/** Products whose epilogues cost about the same: `gelu` computes erf for each number, `sums` also adds a's columns. */
export type EpilogueClass = 'plain' | 'gelu' | 'sums';

/** y [rows, columns] over an inner dimension of `depth`. */
export interface MatmulShape {
  layout: Layout;
  epilogue: EpilogueClass;
  rows: number;
  columns: number;
  depth: number;
  /** Operands are stored in half precision: other tilings are fastest then. */
  half?: boolean;
}

/** A choice that was measured at one number of tokens serves up to this many doublings away. */
const farthestBucket = 4;
/** Offsets of bindings are multiples of 256 bytes. */
export const alignmentFloats = 64;
/** A part of the inner dimension is at least this long: below, writing and adding the parts costs more than they bring. */
const shortestPart = 128;

/** The plan's choice where it has one for this or a like number of tokens, else a sensible one. The same shape always gives the same. */
export function choiceFor(traits: Traits, plan: KernelPlan | undefined, shape: MatmulShape): MatmulChoice {
  const { tiling, parts } = (plan && chosenInPlan(plan, shape)) ?? defaultChoice(traits, shape);
  return { tiling, parts: possibleParts(parts, shape) };
}

/** Parts that the shape leaves room for, at most those asked for: their products, and sums of a's columns, lie in the engine's scratch array. */
export function possibleParts(parts: number, { rows, columns, depth }: MatmulShape): number {
  const fitting = Math.floor((scratchFloats - alignmentFloats) / (rows * columns + rows));
  return Math.max(1, Math.min(parts, Math.floor(depth / shortestPart), fitting));
}

/** Without measuring. */
export function defaultChoice(traits: Traits, shape: MatmulShape): MatmulChoice {
  const tiling = defaultTiling(traits, shape.rows, shape.columns);
  return { tiling, parts: traits.software ? 1 : defaultParts(tiling, shape) };
}

/** What was best on software WebGPU, and a tile that suits the register files of common GPUs. */
export function defaultTiling({ software }: Traits, rows: number, columns: number): MatmulTiling {
  if (software) {
    // Four threads are one SIMD group there; the more numbers a thread computes, the fewer it reads for each. 32 × 32 is a seventh faster yet, but
    // takes three seconds to compile.
    const side = (length: number, most: number): number =>
      Math.min(most, length >= 32 ? 32 : length >= 16 ? 16 : length >= 8 ? 8 : 4);
    return { threadRows: side(rows, 32), threadColumns: side(columns, 16), workgroup: [4, 1], sharedDepth: 0 };
  }
  const small = rows < 64 || columns < 64;
  return small
    ? { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 }
    : { threadRows: 8, threadColumns: 8, workgroup: [8, 8], sharedDepth: 16 };
}

/** Workgroups that keep a GPU of some dozens of cores busy. */
const busyGroups = 128;

/** A product of few tiles over a long inner dimension (a weight gradient of a short hidden size, the scores of a batch) leaves most cores idle. */
export function defaultParts(tiling: MatmulTiling, { rows, columns, depth }: MatmulShape): number {
  const [x, y] = matmulGroups(tiling, rows, columns);
  if (2 * x * y > busyGroups) return 1;
  return Math.max(1, Math.min(16, Math.floor(busyGroups / (x * y)), Math.floor(depth / (2 * shortestPart))));
}

/** Workgroups along columns and rows. */
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

/** Name of a shape in a plan: rows are tokens in NN and NT, in TN the inner dimension is; tokens count by powers of two. */
export function planKey({ layout, epilogue, rows, columns, depth, half }: MatmulShape, factor = 1): string {
  const [tokens, first, second] = layout === 'TN' ? [depth, rows, columns] : [rows, depth, columns];
  return `${layout}${half ? ' half' : ''} ${epilogue} ${first}x${second} @${tokenBucket(tokens) * factor}`;
}

export function tokenBucket(tokens: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, tokens)));
}
