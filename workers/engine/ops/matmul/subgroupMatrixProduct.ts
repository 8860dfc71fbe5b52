import type { Layout } from '../../../../src/domain/kernelPlan';
import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import type { MatrixUnits } from '../../matrixUnits';
import type { Kernel } from '../../kernel';
import { memo } from '../../memo';
import type { DropoutValues } from '../dropout/dropout';
import type { Epilogue } from './epilogue';
import { partEpilogue, productInParts } from './partialProducts';
import { matrixKernel, type MatrixArray } from './subgroupMatrixKernel';
import { matrixTiling, packed } from './subgroupMatrixTiling';
import type { MatrixVariant } from './subgroupMatrixVariant';

type Shape = Record<'rows' | 'columns' | 'depth', number> & { layout: Layout };

/** Whether matrix kernels exist for the shape. They read 16 bytes of an operand and write four numbers at a time. */
export function suitsMatrices({ layout, rows, columns, depth }: Shape): boolean {
  const widths = { NN: [depth, columns], NT: [depth], TN: [rows, columns] }[layout];
  return columns % 4 === 0 && widths.every((width) => width % packed === 0);
}

/** Returns a kernel that a device must be able to compile before a run relies on its matrix units. */
export function matrixProbe({ fragment, subgroupSize, memoryBytes }: MatrixUnits): Kernel {
  const tiling = matrixTiling({ rows: 4096, columns: 4096, parts: 1 }, { fragment, memoryBytes });
  return variantKernel({ layout: 'NT', fragment, tiling, subgroupSize, epilogue: {}, direct: true });
}

/** Runs `matmul` on matrix units. Arrays that the epilogue does not use are bound but never accessed. */
export function subgroupMatrixProduct(
  engine: Engine,
  { fragment, subgroupSize, memoryBytes }: MatrixUnits,
  shape: Shape,
  { epilogue, chunk }: { epilogue: Epilogue; chunk: number },
  arrays: Readonly<Record<MatrixArray, DeviceArray>>,
  values: DropoutValues & { alpha: number },
): void {
  const { layout, ...sides } = shape;
  const { scratch, commands } = engine;
  const parts = scratch ? Math.ceil(sides.depth / chunk) : 1;
  const tiling = matrixTiling({ ...sides, parts }, { fragment, memoryBytes });
  const groups = [Math.ceil(sides.columns / tiling.columns), Math.ceil(sides.rows / tiling.rows), parts] as const;
  const variant = { layout, fragment, tiling, subgroupSize };
  if (parts > 1 && scratch)
    return productInParts(engine, { epilogue, chunk, scratch }, arrays, sides, values, (into) => {
      const partial = variantKernel({ ...variant, epilogue: partEpilogue(epilogue), direct: true });
      commands.dispatch(partial, { ...arrays, ...into }, { ...sides, chunk, ...values, alpha: 1 }, groups);
    });
  const direct = arrays.y.dtype !== 'f16' && values.alpha === 1 && isPlain(epilogue);
  commands.dispatch(
    variantKernel({ ...variant, epilogue, direct }),
    arrays,
    { ...sides, chunk: sides.depth, ...values },
    groups,
  );
}

/** Whether the epilogue leaves the sums unchanged. It may still write the sums of a's columns. */
function isPlain({ aSums: _, ...rest }: Epilogue): boolean {
  return !Object.values(rest).some(Boolean);
}

const variantKernel = memo((variant: MatrixVariant) => matrixKernel(variant));
