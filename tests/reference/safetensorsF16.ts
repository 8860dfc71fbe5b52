/** Reads the tensors of a float16 safetensors file and returns them as float32, by name. Only for tests. */
export function readSafetensorsF16(file: ArrayBuffer): Map<string, Float32Array> {
  const view = new DataView(file);
  const headerLength = Number(view.getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(file, 8, headerLength));
  const header: Record<string, { dtype?: string; data_offsets?: [number, number] }> = JSON.parse(text);
  const tensors = new Map<string, Float32Array>();
  for (const [name, { dtype, data_offsets: range }] of Object.entries(header)) {
    if (!range) continue;
    if (dtype !== 'F16') throw new Error(`${name} has dtype ${String(dtype)}, expected F16`);
    const start = 8 + headerLength + range[0];
    tensors.set(
      name,
      Float32Array.from({ length: (range[1] - range[0]) / 2 }, (_, i) =>
        halfToFloat(view.getUint16(start + 2 * i, true)),
      ),
    );
  }
  return tensors;
}

/** Decodes IEEE 754 binary16. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
