/** Module whose f(x) = x·x + x uses `f32x4.relaxed_madd`. Only browsers with relaxed SIMD accept it. */
const relaxedProbe = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7d, 1, 0x7d, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 0x0a, 0x16,
  1, 0x14, 1, 1, 0x7b, 0x20, 0, 0xfd, 0x13, 0x22, 1, 0x20, 1, 0x20, 1, 0xfd, 0x85, 2, 0xfd, 0x1f, 0, 0, 0x0b
); // prettier-ignore

/** Module whose f() returns a vector of zeros. Only browsers with SIMD accept it. */
const simdProbe = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 0x0a, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b
); // prettier-ignore

interface WasmFeatures {
  simd: boolean;
  /** Whether the browser has relaxed SIMD, whose fused multiply-add is a third faster but rounds differently. */
  relaxed: boolean;
  /** Whether threads can share memory, which requires a cross-origin isolated page. */
  shared: boolean;
  threads: boolean;
}

export function wasmFeatures(): WasmFeatures {
  const shared = typeof SharedArrayBuffer !== 'undefined';
  return {
    simd: WebAssembly.validate(simdProbe),
    relaxed: WebAssembly.validate(relaxedProbe),
    shared,
    threads: shared && typeof Worker !== 'undefined',
  };
}
