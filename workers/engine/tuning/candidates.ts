import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { EngineTraits } from '../engine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import { fitsKernelLimits, type KernelLimits } from './kernelLimits';

const tiling = (
  [threadRows, threadColumns]: readonly [number, number],
  workgroup: readonly [number, number],
  sharedDepth: number,
): MatmulTiling => ({ threadRows, threadColumns, workgroup, sharedDepth });
const prefetched = (given: MatmulTiling): MatmulTiling => ({ ...given, prefetch: true });
const bySubgroups = (thread: readonly [number, number], threads: number): MatmulTiling => ({
  ...tiling(thread, [threads, 1], 0),
  subgroups: true,
});

// Tiles in workgroup memory, named by rows × columns. Large tiles reuse the operands more; small ones keep more cores
// busy. More threads per tile hide more latency; more outputs per thread read workgroup memory less often.
const of128x128 = tiling([16, 8], [16, 8], 16);
const of128x64 = tiling([8, 8], [8, 16], 16);
const of64x128 = tiling([8, 8], [16, 8], 16);
const of64x64 = tiling([8, 4], [16, 8], 16);
const of64x64In64 = tiling([8, 8], [8, 8], 16);
const of64x64In256 = tiling([4, 4], [16, 16], 16);
const of32x64 = tiling([4, 8], [8, 8], 16);
const of32x32 = tiling([4, 4], [8, 8], 16);

const byRegisters = [tiling([8, 8], [8, 8], 0), tiling([8, 4], [16, 8], 0)];

/** Tilings worth measuring on a vendor's GPUs, best guess first. Only NVIDIA's have been measured, on an H200. */
const byVendor: Readonly<Record<string, readonly MatmulTiling[]>> = {
  nvidia: [
    of128x64,
    of64x64In64,
    of64x128,
    prefetched(of32x64),
    prefetched(tiling([4, 8], [8, 16], 16)),
    of128x128,
    of64x64,
    prefetched(of64x64),
    prefetched(tiling([8, 8], [16, 16], 16)),
    of64x64In256,
    of32x32,
  ],
  apple: [...byRegisters, of64x64, of32x64, of64x64In64, of128x64, prefetched(of64x64), of32x32],
  amd: [of128x64, of64x64In256, of64x64, of64x64In64, prefetched(of128x64), prefetched(of64x64), of32x64, of32x32],
  intel: [
    bySubgroups([8, 4], 64),
    bySubgroups([16, 4], 64),
    of32x32,
    of64x64,
    of32x64,
    of64x64In64,
    prefetched(of64x64),
    ...byRegisters,
  ],
};

/** Tilings worth measuring on other GPUs. */
const others = [
  of128x64,
  of64x64,
  of64x64In64,
  prefetched(of32x64),
  of64x64In256,
  of32x32,
  prefetched(of64x64),
  of128x128,
  ...byRegisters,
  bySubgroups([8, 4], 64),
  bySubgroups([16, 4], 64),
];

const software = [tiling([16, 16], [4, 1], 0), tiling([8, 16], [4, 1], 0)];

/** Returns the tilings worth measuring for a product: the default one, then the vendor's, best guess first. */
export function candidateTilings(traits: EngineTraits, device: KernelLimits, shape: MatmulShape): MatmulTiling[] {
  const rest = traits.software ? software : (byVendor[device.vendor ?? ''] ?? others);
  const seen = new Set<string>();
  return [defaultTiling(traits, shape), ...rest].filter((each) => {
    const key = JSON.stringify(each);
    return !seen.has(key) && seen.add(key) && fitsKernelLimits(each, device);
  });
}

/** Returns every tiling that is a candidate on any device and that this device can run. */
export function allCandidates(device: KernelLimits): MatmulTiling[] {
  const all = [...Object.values(byVendor).flat(), ...others, ...software];
  const byText = new Map(all.map((each) => [JSON.stringify(each), each]));
  return [...byText.values()].filter((each) => fitsKernelLimits(each, device));
}
