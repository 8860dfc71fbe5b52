import type { Layout, MatmulTiling } from '../../../../src/domain/kernelPlan';
import { matmulChunk } from './matmulChunk';
import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { withHalfPrecision } from '../../halfPrecision';
import type { Kernel } from '../../kernel';
import type { MatrixUnits } from '../../matrixUnits';
import { memo } from '../../memo';
import { dropoutValues, type DropoutValues } from '../dropout/dropout';
import type { DropoutPlace } from '../dropout/dropoutPlaces';
import type { Epilogue } from './epilogue';
import { wasmMatmul } from './wasmMatmul';
import { plannedTiling } from './plannedTiling';
import { matmulGroups } from './matmulGroups';
import { addKernel, partEpilogue, productInParts, type ProductInParts } from './partialProducts';
import { subgroupMatrixProduct, suitsMatrices } from './subgroupMatrixProduct';
import { tileKernel } from './tileKernel';
import type { MatmulTileVariant } from './tileVariant';

export interface MatmulOptions {
  /** Factor α of the product; 1 by default. */
  alpha?: number;
  bias?: DeviceArray;
  residual?: DeviceArray;
  /** Dropout mask, applied after the bias and before the residual. */
  dropout?: DropoutPlace | undefined;
  /** Output: the sums before GELU. y then holds the GELU of these sums. */
  gelu?: DeviceArray;
  /** Input: y is multiplied by GELU′ of this array. */
  geluGradient?: DeviceArray;
  /** Adds to y instead of overwriting it. */
  accumulate?: boolean;
  /** TN only. Output: the sums of a's columns, [rows]. */
  aSums?: DeviceArray;
  /**
   * Matrix units that multiply half-precision operands. They sum in another order than the other kernels, so they are
   * used only if the experiment asks for them. Other kernels compute the shapes that these units cannot.
   */
  matrices?: MatrixUnits | undefined;
  /** Overrides the engine's plan and the default rules. */
  tiling?: MatmulTiling;
  /**
   * Length of the chunks in which the inner dimension is summed, a multiple of 64. By default, the rule for this shape
   * chooses it. A product that is computed window by window uses the chunk of the whole product.
   */
  chunk?: number;
}

type Arrays = Record<'a' | 'b' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums', DeviceArray>;
type Shape = Record<'rows' | 'columns' | 'depth', number>;

/**
 * Writes y = α·op(a)·op(b) [M, N], then applies the epilogue. NN takes a [M, K], b [K, N]; NT takes a [M, K], b [N, K];
 * TN takes a [K, M], b [K, N]. The shape alone fixes the order of every sum: see `matmulChunk`.
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
  const shape = { layout, rows, columns, depth: layout === 'TN' ? aRows : aColumns };
  const epilogue = epilogueOf(options);
  const { bias = y, residual = y, aSums = y, alpha = 1, dropout } = options;
  const arrays = { a, b, y, bias, residual, pre: options.gelu ?? options.geluGradient ?? y, aSums };
  const values = { alpha, ...dropoutValues(dropout, columns) };
  if (engine.traits.wasm) return wasmMatmul(engine, layout, epilogue, arrays, { ...shape, ...values });
  const problem = { ...shape, epilogue: epilogueClass(epilogue), half: isHalf(a) };
  const { matrices, chunk = matmulChunk(shape) } = options;
  if (matrices && isHalf(a) && isHalf(b) && suitsMatrices(shape))
    return subgroupMatrixProduct(engine, matrices, shape, { epilogue, chunk }, arrays, values);
  const { tiling = plannedTiling(engine.traits, engine.plan, problem) } = options;
  const product = { layout, tiling, aligned: isAligned(shape) };
  const scratch = shape.depth > chunk ? engine.scratch : undefined;
  if (scratch) return tileProductInParts(engine, { ...product, epilogue, chunk, scratch }, arrays, shape, values);
  const quads = Math.ceil(shape.depth / 4);
  const groups = [...matmulGroups(tiling, rows, columns), 1] as const;
  engine.commands.dispatch(variantKernel({ ...product, epilogue }), arrays, { ...shape, quads, ...values }, groups);
}

function epilogueClass({ aSums, gelu, geluGradient }: Epilogue): 'plain' | 'gelu' | 'sums' {
  return aSums ? 'sums' : gelu || geluGradient ? 'gelu' : 'plain';
}

/** Computes partial products with the tiling's kernel; see `productInParts`. */
function tileProductInParts(
  engine: Engine,
  { epilogue, chunk, scratch, ...product }: MatmulTileVariant & ProductInParts,
  arrays: Arrays,
  shape: Shape,
  values: DropoutValues & { alpha: number },
): void {
  const partial = variantKernel({ ...product, epilogue: partEpilogue(epilogue) });
  const groups = matmulGroups(product.tiling, shape.rows, shape.columns);
  productInParts(engine, { epilogue, chunk, scratch }, arrays, shape, values, (into, parts) => {
    const ofParts = { ...shape, quads: chunk / 4, ...values, alpha: 1 };
    engine.commands.dispatch(partial, { ...arrays, ...into }, ofParts, [...groups, parts]);
  });
}

function epilogueOf(options: MatmulOptions): Epilogue {
  return {
    bias: !!options.bias,
    dropout: !!options.dropout,
    residual: !!options.residual,
    gelu: !!options.gelu,
    geluGradient: !!options.geluGradient,
    accumulate: !!options.accumulate,
    aSums: !!options.aSums,
  };
}

function isAligned({ layout, rows, columns, depth }: Shape & { layout: Layout }): boolean {
  return depth % 4 === 0 && columns % 4 === 0 && (layout !== 'TN' || rows % 4 === 0);
}

function isHalf({ dtype }: DeviceArray): boolean {
  return dtype === 'f16';
}

/**
 * Returns the kernels that `matmul` dispatches for a tiling and operands, so that they can be compiled before timing.
 */
export function matmulKernels(
  { layout, ...shape }: Shape & { layout: Layout },
  tiling: MatmulTiling,
  options: MatmulOptions,
  operands: Pick<Arrays, 'a' | 'b' | 'y'>,
): Kernel[] {
  const { a, b, y } = operands;
  const pre = options.gelu ?? options.geluGradient ?? y;
  const stored = <Name extends string>(
    kernel: Kernel<string, Name, Name>,
    arrays: Partial<Record<Name, DeviceArray>>,
  ): Kernel =>
    withHalfPrecision(
      kernel,
      [...kernel.reads, ...kernel.writes].filter((name) => arrays[name]?.dtype === 'f16'),
    );
  const finished = { y, pre, residual: options.residual ?? y };
  const epilogue = epilogueOf(options);
  const product = { layout, tiling, aligned: isAligned({ layout, ...shape }) };
  if (shape.depth <= (options.chunk ?? matmulChunk(shape)))
    return [stored(variantKernel({ ...product, epilogue }), { a, b, ...finished })];
  return [
    stored(variantKernel({ ...product, epilogue: partEpilogue(epilogue) }), { a, b }),
    stored(addKernel({ epilogue, aligned: shape.columns % 4 === 0 }), finished),
  ];
}

const variantKernel = memo(tileKernel);

function side({ shape }: DeviceArray): [number, number] {
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2)
    throw new RangeError(`expected a matrix, got shape [${shape.join()}]`);
  return [rows, columns];
}
