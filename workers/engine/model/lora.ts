import { rowsOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { dropoutApply } from '../ops/dropout/dropout';
import { adapterDropoutPlace, type DropoutPlace } from '../ops/dropout/dropoutPlaces';
import { matmul, type MatmulOptions } from '../ops/matmul/matmul';
import type { Adapter, Adapters } from './adapters';
import type { EncoderContext } from './encoderContext';
import type { GradientSink } from './gradientSink';
import type { LayerModuleName } from './parameterNames';

/**
 * The adapter of one module of a product. Query, key and value are one product, in which a module begins at `firstRow`.
 */
interface AdapterPart extends Adapter {
  module: LayerModuleName;
  firstRow: number;
  rows: number;
  /** Dropout of the adapter's input. */
  place: DropoutPlace | undefined;
}

/** A product of a layer, named by its first module. */
export interface AdaptedProduct {
  layer: number;
  module: LayerModuleName;
}

/** The gradient of u = A·dropout(x), [T, r], which the gradient of x needs. */
export interface AdapterGradient {
  part: AdapterPart;
  du: DeviceArray;
}

function partsOf(
  { dropout }: Pick<EncoderContext, 'dropout'>,
  adapters: Adapters | undefined,
  layer: number,
  module: LayerModuleName,
  rows: number,
): AdapterPart[] {
  if (!adapters) return [];
  const modules = module === 'query' ? (['query', 'key', 'value'] as const) : [module];
  const ofModule = rows / modules.length;
  return modules.flatMap((each, i) => {
    if (!adapters.has(layer, each)) return [];
    const place = adapterDropoutPlace(dropout, layer, each);
    return [{ module: each, firstRow: i * ofModule, rows: ofModule, place, ...adapters.of(layer, each) }];
  });
}

/**
 * Adds s·dropout(x)·Aᵀ·Bᵀ to y [T, out], or writes it if `accumulate` is false. `dropout` is the mask that the module's
 * own product was multiplied by.
 */
export function addAdapters(
  context: EncoderContext,
  layer: number,
  module: LayerModuleName,
  x: DeviceArray,
  y: DeviceArray,
  { dropout, accumulate = true }: Pick<MatmulOptions, 'dropout' | 'accumulate'>,
): void {
  const { engine, adapters } = context;
  const [, rows = 0] = y.shape;
  for (const part of partsOf(context, adapters, layer, module, rows)) {
    const dropped = withDropout(engine, x, part.place);
    const u = project(engine, dropped, part.a); // [T, r]
    if (dropped !== x) engine.pool.free(dropped);
    withRows(engine, part, part.b, rows, (b) =>
      matmul(engine, 'NT', u, b, y, { alpha: adapters?.scale ?? 0, dropout, accumulate }),
    );
    engine.pool.free(u);
  }
}

/**
 * Writes the gradients of a product's adapters from dy [T, out] and x [T, in]: dB = s·dyᵀ·u, du = s·dy·B and dA =
 * duᵀ·dropout(x). Returns du of each adapter for `addAdapterInputGradients`, which frees it.
 */
export function adapterGradients(
  context: EncoderContext,
  { table, accumulate }: GradientSink,
  layer: number,
  module: LayerModuleName,
  dy: DeviceArray,
  x: DeviceArray,
): AdapterGradient[] {
  const { engine, adapters } = context;
  const [rows = 0, outputs = 0] = dy.shape;
  return partsOf(context, adapters, layer, module, outputs).map((part) => {
    const alpha = adapters?.scale ?? 0;
    const gradient = adapters?.of(layer, part.module, table) ?? part;
    const dropped = withDropout(engine, x, part.place);
    const u = project(engine, dropped, part.a); // [T, r]
    writeB(engine, part, dy, u, gradient.b, { alpha, accumulate });
    engine.pool.free(u);
    const du = engine.pool.allocate([rows, part.a.shape[0] ?? 0], dy.dtype); // [T, r]
    withRows(engine, part, part.b, outputs, (b) => matmul(engine, 'NN', dy, b, du, { alpha }));
    matmul(engine, 'TN', du, dropped, gradient.a, { accumulate });
    if (dropped !== x) engine.pool.free(dropped);
    return { part, du };
  });
}

/**
 * Adds dropout(du·A) of each adapter to dx [T, in], multiplied by GELU′ of `geluGradient` if that is given. Frees du.
 */
export function addAdapterInputGradients(
  engine: Engine,
  gradients: readonly AdapterGradient[],
  dx: DeviceArray,
  { geluGradient }: Pick<MatmulOptions, 'geluGradient'>,
): void {
  for (const { part, du } of gradients)
    matmul(engine, 'NN', du, part.a, dx, {
      dropout: part.place,
      accumulate: true,
      ...(geluGradient ? { geluGradient } : {}),
    });
  freeAdapterGradients(engine, gradients);
}

export function freeAdapterGradients({ pool }: Engine, gradients: readonly AdapterGradient[]): void {
  for (const { du } of gradients) pool.free(du);
}

/** Adds s·B·A of each of a product's adapters to its weight [out, in]. */
export function mergeInto(
  engine: Engine,
  adapters: Adapters,
  { layer, module }: AdaptedProduct,
  weight: DeviceArray,
): void {
  const [rows = 0] = weight.shape;
  for (const part of partsOf({ dropout: undefined }, adapters, layer, module, rows))
    withRows(engine, part, part.b, rows, (b) =>
      matmul(engine, 'NN', b, part.a, weight, { alpha: adapters.scale, accumulate: true }),
    );
}

function withDropout(engine: Engine, x: DeviceArray, place: DropoutPlace | undefined): DeviceArray {
  return place ? dropoutApply(engine, x, place) : x;
}

function project(engine: Engine, x: DeviceArray, a: DeviceArray): DeviceArray {
  const u = engine.pool.allocate([x.shape[0] ?? 0, a.shape[0] ?? 0], x.dtype);
  matmul(engine, 'NT', x, a, u);
  return u;
}

/**
 * Calls `use` with B of a whole product, [out, r]. If the product has other modules too, their rows are zero, so that
 * their outputs do not change.
 */
function withRows(
  { pool, commands }: Engine,
  part: AdapterPart,
  b: DeviceArray,
  rows: number,
  use: (b: DeviceArray) => void,
): void {
  if (part.rows === rows) return use(b);
  const whole = pool.allocate([rows, b.shape[1] ?? 0]);
  commands.clear(whole);
  commands.copy(b, rowsOf(whole, part.firstRow, part.rows));
  use(whole);
  pool.free(whole);
}

/** Writes dB = s·dyᵀ·u. If the product has other modules too, keeps only this module's rows. */
function writeB(
  engine: Engine,
  part: AdapterPart,
  dy: DeviceArray,
  u: DeviceArray,
  gradient: DeviceArray,
  options: { alpha: number; accumulate: boolean },
): void {
  const { pool, commands } = engine;
  const [, rows = 0] = dy.shape;
  if (part.rows === rows) return matmul(engine, 'TN', dy, u, gradient, options);
  const whole = pool.allocate([rows, u.shape[1] ?? 0]);
  const own = rowsOf(whole, part.firstRow, part.rows);
  if (options.accumulate) commands.copy(gradient, own);
  matmul(engine, 'TN', dy, u, whole, options);
  commands.copy(own, gradient);
  pool.free(whole);
}
