import { bytesOf, lengthOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { GpuCommands } from '../gpu/commands';
import type { MatmulChoice, MatmulShape } from '../ops/matmul/choice';
import { matmul, matmulKernels, type MatmulOptions } from '../ops/matmul/matmul';
import { copyInHalf } from '../ops/copyInHalf/copyInHalf';
import { flopsOf } from './modelShapes';

/** A time is taken over enough repetitions to last this long: what a submit costs by itself then hardly counts. */
const leastMs = 3;
const mostRepetitions = 32;
/** Rows at either end of a product whose numbers are looked at. */
const edgeRows = 40;
/** How far a choice may be off the first one, in the norm: sums in another order are some 1e-6 apart, in half precision as far as its steps. */
const fullTolerance = 1e-4;
const halfTolerance = 1e-2;

/** Operands of one product, to be multiplied in many ways. */
export class ProductStand {
  readonly #a: DeviceArray;
  readonly #b: DeviceArray;
  readonly #y: DeviceArray;
  readonly #extra: DeviceArray;
  readonly #options: MatmulOptions;
  /** What the first choice gave, by which the others are judged; and which of them were. */
  #expected: Float32Array | undefined;
  readonly #judged = new Set<MatmulChoice>();

  constructor(
    private readonly engine: Engine,
    private readonly shape: MatmulShape,
    private readonly now: () => number,
  ) {
    const { layout, epilogue, rows, columns, depth, half = false } = shape;
    this.#a = noise(engine, layout === 'TN' ? [depth, rows] : [rows, depth], half);
    this.#b = noise(engine, layout === 'NT' ? [columns, depth] : [depth, columns], half);
    // Gradients of weights and vectors are in float32 always.
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

  /** Compiles what the choices need, all at once; what fails is found out when it is measured. */
  async prepare(choices: readonly MatmulChoice[]): Promise<void> {
    await Promise.allSettled(choices.map((choice) => this.#compile(choice)));
  }

  /** Milliseconds of one product; undefined where the device cannot have the kernel, or computes other numbers by it than by the first choice. */
  async timeOf(choice: MatmulChoice, flopsPerMs: number): Promise<number | undefined> {
    const { engine, shape, now } = this;
    try {
      await this.#compile(choice);
    } catch {
      return undefined;
    }
    const repetitions = Math.min(mostRepetitions, Math.max(1, Math.ceil((leastMs * flopsPerMs) / flopsOf(shape))));
    // A kernel that wrote nothing would leave the right numbers of the one before.
    if (!this.#judged.has(choice)) engine.commands.clear(this.#y);
    await this.#finished();
    const startedAt = now();
    for (let i = 0; i < repetitions; i++)
      matmul(engine, shape.layout, this.#a, this.#b, this.#y, { ...this.#options, choice });
    await this.#finished();
    const ms = Math.max(now() - startedAt, 1e-3) / repetitions;
    return (await this.#isRight(choice)) ? ms : undefined;
  }

  /** Looks at the first and the last rows of the product that was computed last. GPU→CPU sync. */
  async #isRight(choice: MatmulChoice): Promise<boolean> {
    if (this.#judged.has(choice)) return true;
    const values = await this.#edges();
    const tolerance = this.shape.half ? halfTolerance : fullTolerance;
    const isRight = !this.#expected || squaresOf(values, this.#expected) <= tolerance ** 2 * squaresOf(this.#expected);
    this.#expected ??= values;
    if (isRight) this.#judged.add(choice);
    return isRight;
  }

  async #edges(): Promise<Float32Array> {
    const [rows = 0, columns = 0] = this.#y.shape;
    const few = Math.min(rows, edgeRows);
    const bytes = bytesOf(this.#y) / rows;
    const last = { ...this.#y, offset: this.#y.offset + (rows - few) * bytes, shape: [few, columns] };
    const parts = [{ ...this.#y, shape: [few, columns] }, last].map((part) => this.engine.commands.read(part));
    const [first, second] = await Promise.all(parts);
    return Float32Array.from([...(first ?? []), ...(second ?? [])]);
  }

  free(): void {
    for (const array of [this.#a, this.#b, this.#y, this.#extra]) this.engine.pool.free(array);
  }

  async #compile(choice: MatmulChoice): Promise<void> {
    const { commands } = this.engine;
    if (!(commands instanceof GpuCommands)) return;
    const operands = { a: this.#a, b: this.#b, y: this.#y };
    for (const kernel of matmulKernels(this.shape, choice, this.#options, operands)) await commands.prepare(kernel);
  }

  /** Other engines carry out what they are given at once. */
  async #finished(): Promise<void> {
    const { commands } = this.engine;
    if (commands instanceof GpuCommands) await commands.finished();
  }
}

/** Σ (a − b)². */
function squaresOf(a: Float32Array, b?: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - (b?.[i] ?? 0)) ** 2, 0);
}

/** Numbers like those of a model: zeros would cost a GPU less power, and so less time. */
function noise(engine: Engine, shape: readonly number[], half: boolean): DeviceArray {
  const values = new Float32Array(lengthOf(shape));
  const block = Float32Array.from({ length: Math.min(values.length, 4093) }, (_, i) => Math.sin(i * i));
  for (let at = 0; at < values.length; at += block.length) values.set(block.subarray(0, values.length - at), at);
  const whole = engine.commands.upload(values, shape);
  if (!half) return whole;
  const copy = engine.pool.allocate(shape, 'f16');
  copyInHalf(engine, whole, copy);
  engine.pool.free(whole);
  return copy;
}
