/**
 * Bytes of a WebGPU engine's scratch array, which holds the partial products of matrix products that are split into
 * parts: at most 2,304 tiles of 64 × 64 numbers, and the column sums next to them (see `matmulChunk`). The engine owns
 * the array, as it owns its uniforms, and memory plans count it.
 */
export const scratchBytes = 37 * 2 ** 20;
export const scratchFloats = scratchBytes / 4;

/**
 * Scratch memory that each thread always has: enough for packed operands of the widest block, and for attention over a
 * few hundred tokens. Kernels that may need more declare it in `scratchBytes`.
 */
export const threadScratchBytes = 2 ** 20;

/** Minimum that memory plans count for the scratch memory of all threads. It also covers holes in a small heap. */
export const minThreadsBytes = 2 ** 22;
