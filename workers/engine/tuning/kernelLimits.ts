import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { sharedBytes } from '../ops/matmul/sharedBody';

/** Device limits and features that restrict the tilings of a kernel. */
export interface KernelLimits {
  limits: { maxComputeWorkgroupStorageSize: number; maxComputeInvocationsPerWorkgroup: number };
  subgroups: boolean;
  /** The adapter's vendor in lower case, as the browser reports it. */
  vendor?: string;
}

export function kernelLimits({ device }: WebGpuEngine): KernelLimits {
  const { limits, features, adapterInfo } = device;
  return { limits, subgroups: features.has('subgroups'), vendor: adapterInfo.vendor };
}

export function fitsKernelLimits(tiling: MatmulTiling, { limits, subgroups }: KernelLimits): boolean {
  return (
    sharedBytes(tiling) <= limits.maxComputeWorkgroupStorageSize &&
    tiling.workgroup[0] * tiling.workgroup[1] <= limits.maxComputeInvocationsPerWorkgroup &&
    (subgroups || !tiling.subgroups)
  );
}
