import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { matrixSides, type MatrixSide } from '../ops/matmul/subgroupMatrix';

/** Device limits and features that restrict the tilings of a kernel. */
export interface KernelLimits {
  limits: { maxComputeWorkgroupStorageSize: number; maxComputeInvocationsPerWorkgroup: number };
  subgroups: boolean;
  /** Available sides of subgroup matrices with half-precision operands, float32 sums and subgroups of 32 threads. */
  matrixSides?: readonly MatrixSide[];
}

export function kernelLimits({ device }: WebGpuEngine): KernelLimits {
  return { limits: device.limits, subgroups: device.features.has('subgroups'), matrixSides: matrixSidesOf(device) };
}

/**
 * Returns the sides of the subgroup matrices that the device offers. They are an experimental Chromium feature behind a
 * flag.
 */
function matrixSidesOf(device: GPUDevice): MatrixSide[] {
  const features: ReadonlySet<string> = device.features;
  const of = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const info = of(device, 'adapterInfo');
  const sizes = [of(info, 'subgroupMinSize'), of(info, 'subgroupMaxSize')];
  if (!features.has('chromium-experimental-subgroup-matrix') || sizes.some((size) => size !== 32)) return [];
  const configs = of(info, 'subgroupMatrixConfigs');
  const list: unknown[] = Array.isArray(configs) ? configs : [];
  return matrixSides.filter((side) =>
    list.some(
      (config) =>
        of(config, 'componentType') === 'f16' &&
        of(config, 'resultComponentType') === 'f32' &&
        ['M', 'N', 'K'].every((length) => of(config, length) === side),
    ),
  );
}

export function fitsKernelLimits(tiling: MatmulTiling, { limits, subgroups, matrixSides = [] }: KernelLimits): boolean {
  return (
    sharedBytes(tiling) <= limits.maxComputeWorkgroupStorageSize &&
    tiling.workgroup[0] * tiling.workgroup[1] <= limits.maxComputeInvocationsPerWorkgroup &&
    (subgroups || !tiling.subgroups) &&
    (tiling.matrixSide === undefined || matrixSides.includes(tiling.matrixSide))
  );
}

function sharedBytes({ threadRows, threadColumns, workgroup, sharedDepth }: MatmulTiling): number {
  return 4 * sharedDepth * (threadRows * workgroup[1] + threadColumns * workgroup[0]);
}
