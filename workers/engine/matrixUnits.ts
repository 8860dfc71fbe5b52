import type { KernelPlan } from '../../src/domain/kernelPlan';
import { isSameFragment, matrixFragments, type MatrixFragment } from '../../src/domain/matrixFragment';

/** One kind of matrix unit of a device, as used for products: half-precision operands, float32 sums. */
export interface MatrixUnits {
  fragment: MatrixFragment;
  /** Threads per subgroup. */
  subgroupSize: number;
  /** Workgroup memory that a kernel may use, in bytes. */
  memoryBytes: number;
}

/** Chromium's experimental feature for subgroup matrices. */
export const matrixFeature = 'chromium-experimental-subgroup-matrix';

/**
 * Returns the matrix units that an adapter or device offers, preferred ones first. Returns none if the subgroup size
 * varies, because the kernels need a fixed one.
 */
export function matrixUnitsOf(
  features: ReadonlySet<string>,
  { maxComputeWorkgroupStorageSize: memoryBytes }: Pick<GPUSupportedLimits, 'maxComputeWorkgroupStorageSize'>,
  info: unknown,
): MatrixUnits[] {
  const of = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const [size, most] = [of(info, 'subgroupMinSize'), of(info, 'subgroupMaxSize')];
  const needed = ['shader-f16', 'subgroups', matrixFeature];
  if (!needed.every((feature) => features.has(feature)) || typeof size !== 'number' || size !== most) return [];
  const configs = of(info, 'subgroupMatrixConfigs');
  const list: unknown[] = Array.isArray(configs) ? configs : [];
  const isOffered = ({ rows, columns, depth }: MatrixFragment): boolean =>
    list.some(
      (config) =>
        of(config, 'componentType') === 'f16' &&
        of(config, 'resultComponentType') === 'f32' &&
        of(config, 'M') === rows &&
        of(config, 'N') === columns &&
        of(config, 'K') === depth,
    );
  return matrixFragments.filter(isOffered).map((fragment) => ({ fragment, subgroupSize: size, memoryBytes }));
}

/**
 * Returns the matrix units that the run's plan names. Throws RangeError if they are not in `offered`, the device's own.
 */
export function plannedMatrixUnits(
  plan: KernelPlan | undefined,
  offered: readonly MatrixUnits[] | undefined,
): MatrixUnits {
  const planned = plan?.matrices;
  const units = planned && offered?.find(({ fragment }) => isSameFragment(fragment, planned));
  if (!units) throw new RangeError('the plan names no matrix units that the device offers');
  return units;
}
