/** How a tiled attention kernel divides its work. Results do not depend on it; see `TileWriter`. */
export interface AttentionTiling {
  /** Rows of the output per workgroup: queries, or keys in the key-value kernel. */
  rows: 32 | 64;
  /** Whether to read the next operand from its array before computing the sums that precede its use. */
  prefetch: boolean;
  /** Number of copies of the body per iteration of the inner loops. */
  unroll: 1 | 2 | 4;
}

export type AttentionPass = 'forward' | 'queries' | 'keyValues';

/** Rows per thread. In the key-value kernel they are the four keys of one draw of random numbers. */
export const threadRows = 4;
/** Columns of a tile of scores: keys, or queries in the key-value kernel. It affects the bits of the forward pass. */
export const tileColumns = 32;
/** Threads that share a row of a tile, four columns each. */
export const columnThreads = tileColumns / 4;
/** Number of vec4s per row of P or dS in workgroup memory. One is spare, to avoid bank conflicts. */
export const weightStride = tileColumns / 4 + 1;

/** Returns the number of vec4s per row of an operand in workgroup memory. One is spare, to avoid bank conflicts. */
export function operandStride(headSize: number): number {
  return headSize / 4 + 1;
}

export function tileWorkgroup({ rows }: AttentionTiling): readonly [number, number, number] {
  return [columnThreads, rows / threadRows, 1];
}

export function tileThreads(tiling: AttentionTiling): number {
  const [x, y] = tileWorkgroup(tiling);
  return x * y;
}

/** Returns the bytes of workgroup memory that a kernel uses. */
export function tileBytes(pass: AttentionPass, { rows }: AttentionTiling, headSize: number): number {
  const numbers = { forward: 2 * rows * columnThreads, queries: rows, keyValues: 0 }[pass];
  return 16 * (tileColumns * operandStride(headSize) + rows * weightStride) + 4 * numbers;
}
