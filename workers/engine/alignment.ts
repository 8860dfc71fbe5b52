/** Floats in 256 bytes, the largest alignment of binding offsets that WebGPU lets a device require. */
export const alignmentFloats = 64;

/**
 * Parameters in a segment start at multiples of this many floats, so that the half-precision copies, which have the
 * same layout, can be bound too.
 */
export const parameterAlignmentFloats = 2 * alignmentFloats;
