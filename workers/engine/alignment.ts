/** Binding offsets must be multiples of 256 bytes. */
export const alignmentFloats = 64;
