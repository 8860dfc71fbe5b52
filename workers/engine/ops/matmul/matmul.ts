import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import type { Kernel } from '../../kernel';
import { dropoutValues, type DropoutPlace } from '../dropout/kernels';
import { matmulOnWasm } from './onWasm';
import { defaultTiling, type Layout, type MatmulTiling } from './plan';
import { matmulKernel, type Epilogue, type MatmulArray, type MatmulParam, type MatmulVariant } from './wgsl';

export interface MatmulOptions {
  /** α: the product's factor. */
  alpha?: number;
  bias?: DeviceArray;
  residual?: DeviceArray;
  /** Between bias and residual. */
  dropout?: DropoutPlace | undefined;
  /** Written: the sum before GELU; y becomes GELU of it. */
  gelu?: DeviceArray;
  /** Read: y is multiplied by GELU′ of it. */
  geluGradient?: DeviceArray;
  /** y is added to instead of written. */
  accumulate?: boolean;
  /** TN: the sums of a's columns, [rows]. */
  aSums?: DeviceArray;
  tiling?: MatmulTiling;
}

const kernels = new Map<string, Kernel<MatmulParam, MatmulArray, MatmulArray>>();

/**
 * Writes op(a)·op(b) to y [M, N]: NN of a [M, K], b [K, N]; NT of a [M, K], b [N, K]; TN of a [K, M], b [K, N]. One sum is added in a fixed
 * order, so that the same tiling gives the same bits.
 */
export function matmul(
  engine: Engine,
  layout: Layout,
  a: DeviceArray,
  b: DeviceArray,
  y: DeviceArray,
  options: MatmulOptions = {},
): void {
  const [rows, columns] = side(y);
  const [aRows, aColumns] = side(a);
  const depth = layout === 'TN' ? aRows : aColumns;
  const epilogue: Epilogue = {
    bias: !!options.bias,
    dropout: !!options.dropout,
    residual: !!options.residual,
    gelu: !!options.gelu,
    geluGradient: !!options.geluGradient,
    accumulate: !!options.accumulate,
    aSums: !!options.aSums,
  };
  const { bias = y, residual = y, aSums = y, alpha = 1 } = options;
  const pre = options.gelu ?? options.geluGradient ?? y;
  const arrays = { a, b, y, bias, residual, pre, aSums };
  const params = { rows, columns, depth, alpha, ...dropoutValues(options.dropout, columns) };
  if (engine.traits.wasm) return matmulOnWasm(engine, layout, epilogue, arrays, params);
  const tiling = options.tiling ?? defaultTiling(engine.traits, rows, columns);
  const aligned = depth % 4 === 0 && columns % 4 === 0 && (layout !== 'TN' || rows % 4 === 0);
  const kernel = variantKernel({ layout, tiling, epilogue, aligned });
  const groups = [
    Math.ceil(columns / (tiling.threadColumns * tiling.workgroup[0])),
    Math.ceil(rows / (tiling.threadRows * tiling.workgroup[1])),
    1,
  ] as const;
  const quads = Math.ceil(depth / 4);
  engine.commands.dispatch(kernel, arrays, { ...params, quads }, groups);
}

function variantKernel(variant: MatmulVariant): Kernel<MatmulParam, MatmulArray, MatmulArray> {
  const key = JSON.stringify(variant);
  const known = kernels.get(key);
  if (known) return known;
  const made = matmulKernel(variant);
  kernels.set(key, made);
  return made;
}

function side({ shape }: DeviceArray): [number, number] {
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2)
    throw new RangeError(`a matrix, not [${shape.join()}]`);
  return [rows, columns];
}
