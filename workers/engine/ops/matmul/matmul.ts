import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { withHalves } from '../../halfPrecision';
import type { Kernel } from '../../kernel';
import { memo } from '../../memo';
import { dropoutValues } from '../dropout/dropout';
import type { DropoutPlace } from '../dropout/places';
import { addPartsKernel, addPartsStride } from './addParts';
import type { Epilogue } from './epilogue';
import { matmulOnWasm } from './wasmProduct';
import { alignmentFloats, choiceFor, matmulGroups, possibleParts, type Layout, type MatmulChoice } from './choice';
import { matmulKernel, type MatmulVariant } from './tileKernel';

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
  /** Instead of what the engine's plan or the fixed rules say. */
  choice?: MatmulChoice;
}

type Arrays = Record<'a' | 'b' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums', DeviceArray>;
type Shape = Record<'rows' | 'columns' | 'depth', number>;

/**
 * Writes op(a)·op(b) to y [M, N]: NN of a [M, K], b [K, N]; NT of a [M, K], b [N, K]; TN of a [K, M], b [K, N]. One sum is added in a fixed
 * order, so that the same plan gives the same bits.
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
  if (engine.traits.wasm) return matmulOnWasm(engine, layout, epilogue, arrays, { ...shape, ...values });
  const problem = { ...shape, epilogue: epilogueClass(epilogue), half: isHalf(a) };
  const { tiling, parts } = options.choice
    ? { tiling: options.choice.tiling, parts: possibleParts(options.choice.parts, problem) }
    : choiceFor(engine.traits, engine.plan, problem);
  const product = { layout, tiling, aligned: isAligned(shape) };
  const scratch = parts > 1 ? engine.scratch : undefined;
  if (scratch) return productInParts(engine, { ...product, epilogue, parts, scratch }, arrays, shape, values);
  const quads = Math.ceil(shape.depth / 4);
  const groups = [...matmulGroups(tiling, rows, columns), 1] as const;
  engine.commands.dispatch(variantKernel({ ...product, epilogue }), arrays, { ...shape, quads, ...values }, groups);
}

export function epilogueClass({ aSums, gelu, geluGradient }: Epilogue): 'plain' | 'gelu' | 'sums' {
  return aSums ? 'sums' : gelu || geluGradient ? 'gelu' : 'plain';
}

/** The parts of the inner dimension give products in the scratch array; a second kernel adds them in order and finishes the sums. */
function productInParts(
  engine: Engine,
  { epilogue, parts, scratch, ...product }: MatmulVariant & { parts: number; scratch: DeviceArray },
  arrays: Arrays,
  shape: Shape,
  values: ReturnType<typeof dropoutValues> & { alpha: number },
): void {
  const { rows, columns, depth } = shape;
  // Whole steps of the shared memory, so that no part ends inside one.
  const step = Math.max(1, product.tiling.sharedDepth / 4);
  const quads = Math.ceil(Math.ceil(depth / 4) / parts / step) * step;
  const used = Math.ceil(Math.ceil(depth / 4) / quads);
  const products = { ...scratch, shape: [used, rows * columns] };
  const sumsAt = Math.ceil((used * rows * columns) / alignmentFloats) * alignmentFloats;
  const sums = { ...scratch, offset: scratch.offset + 4 * sumsAt, shape: [used, rows] };
  const partial = variantKernel({ ...product, epilogue: partEpilogue(epilogue) });
  engine.commands.dispatch(
    partial, { ...arrays, y: products, aSums: sums }, { ...shape, quads, ...values, alpha: 1 },
    [...matmulGroups(product.tiling, rows, columns), used],
  ); // prettier-ignore
  const aligned = columns % 4 === 0;
  const threads = Math.max((rows * columns) / addPartsStride(aligned), epilogue.aSums ? rows : 0);
  engine.commands.dispatch(
    addKernel({ epilogue, aligned }), { ...arrays, products, sums }, { rows, columns, parts: used, ...values },
    Math.ceil(threads / 64),
  ); // prettier-ignore
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

/** The kernels that `matmul` runs for this choice and operands: what there is to compile before it is measured. */
export function matmulKernels(
  { layout, ...shape }: Shape & { layout: Layout },
  { tiling, parts }: MatmulChoice,
  options: MatmulOptions,
  operands: Pick<Arrays, 'a' | 'b' | 'y'>,
): Kernel[] {
  const { a, b, y } = operands;
  const pre = options.gelu ?? options.geluGradient ?? y;
  const stored = <Name extends string>(
    kernel: Kernel<string, Name, Name>,
    arrays: Partial<Record<Name, DeviceArray>>,
  ): Kernel =>
    withHalves(
      kernel,
      [...kernel.reads, ...kernel.writes].filter((name) => arrays[name]?.dtype === 'f16'),
    );
  const finished = { y, pre, residual: options.residual ?? y };
  const epilogue = epilogueOf(options);
  const product = { layout, tiling, aligned: isAligned({ layout, ...shape }) };
  if (parts === 1) return [stored(variantKernel({ ...product, epilogue }), { a, b, ...finished })];
  return [
    stored(variantKernel({ ...product, epilogue: partEpilogue(epilogue) }), { a, b }),
    stored(addKernel({ epilogue, aligned: shape.columns % 4 === 0 }), finished),
  ];
}

/** Of a part's product only the sums of a's columns are taken on the way. */
function partEpilogue({ aSums }: Epilogue): Epilogue {
  return aSums ? { aSums } : {};
}

const variantKernel = memo(matmulKernel);
const addKernel = memo(({ epilogue, aligned }: { epilogue: Epilogue; aligned: boolean }) =>
  addPartsKernel(epilogue, aligned),
);

function side({ shape }: DeviceArray): [number, number] {
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2)
    throw new RangeError(`a matrix, not [${shape.join()}]`);
  return [rows, columns];
}
