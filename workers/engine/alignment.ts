/** Binding offsets must be multiples of 256 bytes: WebGPU allows a device to require that. */
export const alignmentFloats = 64;

/**
 * Parameters in a segment start at multiples of this, so that their half-precision copies, which have the same layout,
 * can be bound too.
 */
export const parameterAlignmentFloats = 2 * alignmentFloats;
