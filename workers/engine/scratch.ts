/**
 * Bytes of an engine's scratch array, which holds the partial products of matrix products that are split into parts.
 * The engine owns the array, as it owns its uniforms, and memory plans count it.
 */
export const scratchBytes = 2 ** 22;
export const scratchFloats = scratchBytes / 4;

/**
 * Scratch memory that each thread always has: enough for packed operands of the widest block, and for attention over a
 * few hundred tokens. Kernels that may need more declare it in `scratchBytes`.
 */
export const threadScratchBytes = 2 ** 20;
