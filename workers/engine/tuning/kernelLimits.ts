import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { matrixSides, type MatrixSide } from '../ops/matmul/subgroupMatrix';
import type { KernelLimits } from './candidates';

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
