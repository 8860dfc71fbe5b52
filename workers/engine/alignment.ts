/** Binding offsets must be multiples of 256 bytes: WebGPU allows a device to require that. */
export const alignmentFloats = 64;
