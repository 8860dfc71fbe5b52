import { matrixFragments, type MatrixFragment } from '../../src/domain/matrixFragment';

/** Matrix units of a device, as products use them: operands in half precision, sums in float32. */
export interface MatrixUnits {
  fragment: MatrixFragment;
  /** Threads of a subgroup. */
  subgroupSize: number;
}

/** Chromium's experimental feature: subgroup matrices. */
export const matrixFeature = 'chromium-experimental-subgroup-matrix';

/**
 * Returns the matrix units that an adapter or device offers, the preferred ones first. Kernels need a fixed subgroup
 * size, so there are none if it varies.
 */
export function matrixUnitsOf(features: ReadonlySet<string>, info: unknown): MatrixUnits[] {
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
  return matrixFragments.filter(isOffered).map((fragment) => ({ fragment, subgroupSize: size }));
}
