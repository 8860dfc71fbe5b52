/** Numbers on the host, ready to be written to an array. */
export type HostValues = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
