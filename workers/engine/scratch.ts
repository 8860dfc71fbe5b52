/**
 * Bytes of a WebGPU engine's scratch array. It holds the partial products of matrix products that are split into parts:
 * at most 2,304 tiles of 64 × 64 numbers, and the column sums next to them (see `matmulChunk`). The engine owns the
 * array, just as it owns its uniforms, and memory plans count it.
 */
export const scratchBytes = 37 * 2 ** 20;
export const scratchFloats = scratchBytes / 4;

/**
 * Scratch bytes that every thread has: enough for the packed operands of the widest block, and for attention over a few
 * hundred tokens. A kernel that may need more declares it in `scratchBytes`.
 */
export const threadScratchBytes = 2 ** 20;

/**
 * Minimum that memory plans count for the scratch memory of all threads together. It also covers fragmentation of a
 * small heap.
 */
export const minThreadsBytes = 2 ** 22;
