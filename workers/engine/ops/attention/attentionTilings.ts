import { tileBytes, type AttentionPass, type AttentionTiling } from './tiling';

/** The workgroup memory that WebGPU guarantees on every device, in bytes. */
const leastWorkgroupBytes = 16_384;

const wide = { rows: 64, prefetch: true, unroll: 2 } as const;

/** Tilings of each kernel. The first is the fastest on an NVIDIA H200. */
const tilings: Readonly<Record<AttentionPass, readonly AttentionTiling[]>> = {
  forward: [wide, { ...wide, rows: 32 }],
  queries: [
    { ...wide, prefetch: false },
    { ...wide, prefetch: false, rows: 32 },
  ],
  keyValues: [
    { ...wide, prefetch: false },
    { ...wide, prefetch: false, rows: 32 },
  ],
};

/** Returns the first tiling of a kernel that fits in the device's workgroup memory. */
export function attentionTiling(
  pass: AttentionPass,
  headSize: number,
  workgroupBytes = leastWorkgroupBytes,
): AttentionTiling {
  const found = tilings[pass].find((tiling) => tileBytes(pass, tiling, headSize) <= workgroupBytes);
  if (!found) throw new RangeError(`no attention kernel fits in ${workgroupBytes} bytes of workgroup memory`);
  return found;
}
