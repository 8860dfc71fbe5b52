import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import { arrayByteLength, arrayLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { GpuCommands } from '../gpu/gpuCommands';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import { matmul, matmulKernels, type MatmulOptions } from '../ops/matmul/matmul';
import { copyInHalf } from '../ops/copyInHalf/copyInHalf';
import { matmulFlops } from '../ops/matmul/matmulShape';

/** A product is repeated until the repetitions take this long, so that the cost of the submit hardly counts. */
const minMs = 3;
/** Maximum repetitions. Products so small that these take less than `minMs` are timed less precisely. */
const maxRepetitions = 32;
/** Rows compared at the start and at the end of a product. */
const edgeRows = 40;
/**
 * Maximum error of a tiling's result relative to that of the first tiling, in the L2 norm. Summing in another order
 * changes results by about 1e-6, or in half precision by about its rounding step.
 */
const fullTolerance = 1e-4;
const halfTolerance = 1e-2;

/** Operands of one product, for timing it with many tilings. */
export class ProductTimer {
  readonly #a: DeviceArray;
  readonly #b: DeviceArray;
  readonly #y: DeviceArray;
  readonly #extra: DeviceArray;
  readonly #options: MatmulOptions;
  /** Edge rows of the first tiling's result, which the other tilings must match. */
  #expected: Float32Array | undefined;
  /** Tilings whose results matched. */
  readonly #matching = new Set<MatmulTiling>();

  constructor(
    private readonly engine: Engine,
    private readonly shape: MatmulShape,
    private readonly now: () => number,
  ) {
    const { layout, epilogue, rows, columns, depth, half = false } = shape;
    this.#a = noise(engine, layout === 'TN' ? [depth, rows] : [rows, depth], half);
    this.#b = noise(engine, layout === 'NT' ? [columns, depth] : [depth, columns], half);
    // Gradients of weights are always float32, and so are text vectors.
    const result = half && layout !== 'TN' ? 'f16' : 'f32';
    this.#y = engine.pool.allocate([rows, columns], result);
    this.#extra =
      epilogue === 'gelu'
        ? engine.pool.allocate([rows, columns], result)
        : engine.pool.allocate([Math.max(rows, columns)]);
    const vector = (length: number): DeviceArray => ({ ...this.#extra, shape: [length] });
    if (epilogue === 'sums') this.#options = { aSums: vector(rows) };
    else if (epilogue === 'gelu')
      this.#options = layout === 'NN' ? { geluGradient: this.#extra } : { gelu: this.#extra };
    else this.#options = layout === 'NT' ? { bias: vector(columns) } : {};
  }

  /** Compiles the kernels of all tilings concurrently. Failures surface when a tiling is timed. */
  async prepare(tilings: readonly MatmulTiling[]): Promise<void> {
    await Promise.allSettled(tilings.map((tiling) => this.#compile(tiling)));
  }

  /**
   * Returns the milliseconds of one product, or undefined if the device cannot compile the kernel or its numbers differ
   * from those of the first tiling.
   */
  async timeOf(tiling: MatmulTiling, flopsPerMs: number): Promise<number | undefined> {
    const { engine, shape, now } = this;
    try {
      await this.#compile(tiling);
    } catch {
      return undefined;
    }
    const repetitions = Math.min(maxRepetitions, Math.max(1, Math.ceil((minMs * flopsPerMs) / matmulFlops(shape))));
    // Clear y: a kernel that writes nothing would otherwise pass with the numbers of the previous kernel.
    if (!this.#matching.has(tiling)) engine.commands.clear(this.#y);
    await this.#finished();
    const startedAt = now();
    for (let i = 0; i < repetitions; i++)
      matmul(engine, shape.layout, this.#a, this.#b, this.#y, { ...this.#options, tiling });
    await this.#finished();
    const ms = Math.max(now() - startedAt, 1e-3) / repetitions;
    return (await this.#isRight(tiling)) ? ms : undefined;
  }

  /** Whether the first and last rows of the latest product match those of the first tiling. GPU→CPU sync. */
  async #isRight(tiling: MatmulTiling): Promise<boolean> {
    if (this.#matching.has(tiling)) return true;
    const values = await this.#edges();
    const tolerance = this.shape.half ? halfTolerance : fullTolerance;
    const isRight = !this.#expected || squaresOf(values, this.#expected) <= tolerance ** 2 * squaresOf(this.#expected);
    this.#expected ??= values;
    if (isRight) this.#matching.add(tiling);
    return isRight;
  }

  async #edges(): Promise<Float32Array> {
    const [rows = 0, columns = 0] = this.#y.shape;
    const few = Math.min(rows, edgeRows);
    const bytes = arrayByteLength(this.#y) / rows;
    const last = { ...this.#y, offset: this.#y.offset + (rows - few) * bytes, shape: [few, columns] };
    const parts = [{ ...this.#y, shape: [few, columns] }, last].map((part) => this.engine.commands.read(part));
    const [first, second] = await Promise.all(parts);
    return Float32Array.from([...(first ?? []), ...(second ?? [])]);
  }

  free(): void {
    for (const array of [this.#a, this.#b, this.#y, this.#extra]) this.engine.pool.free(array);
  }

  async #compile(tiling: MatmulTiling): Promise<void> {
    const { commands } = this.engine;
    if (!(commands instanceof GpuCommands)) return;
    const operands = { a: this.#a, b: this.#b, y: this.#y };
    for (const kernel of matmulKernels(this.shape, tiling, this.#options, operands)) await commands.prepare(kernel);
  }

  /** Waits for the GPU. Other engines run each command immediately, so there is nothing to wait for. */
  async #finished(): Promise<void> {
    const { commands } = this.engine;
    if (commands instanceof GpuCommands) await commands.finished();
  }
}

/** Returns Σ (a − b)², or Σ a² without b. */
function squaresOf(a: Float32Array, b?: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0);
}

/** Returns an array of numbers like a model's. A GPU would multiply zeros with less power and therefore faster. */
function noise(engine: Engine, shape: readonly number[], half: boolean): DeviceArray {
  const values = new Float32Array(arrayLength(shape));
  const block = Float32Array.from({ length: Math.min(values.length, 4093) }, (_, i) => Math.sin(i * i));
  for (let at = 0; at < values.length; at += block.length) values.set(block.subarray(0, values.length - at), at);
  const whole = engine.commands.upload(values, shape);
  if (!half) return whole;
  const copy = engine.pool.allocate(shape, 'f16');
  copyInHalf(engine, whole, copy);
  engine.pool.free(whole);
  return copy;
}
