import { bytesOf, lengthOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { copyInHalf } from '../model/halfWeights';
import { candidateChoices, type KernelLimits } from '../ops/matmul/candidates';
import { fastest } from '../ops/matmul/fastest';
import { matmul, matmulKernels, type MatmulOptions } from '../ops/matmul/matmul';
import { flopsOf } from '../ops/matmul/modelShapes';
import { defaultChoice, planKey, type MatmulChoice, type MatmulShape } from '../ops/matmul/plan';
import { matrixSides, type MatrixSide } from '../ops/matmul/subgroupMatrix';
import { GpuCommands } from './commands';
import type { Gpu } from './gpu';

export interface TunedShape {
  shape: MatmulShape;
  choice: MatmulChoice;
  /** GFLOP/s of the choice, and of the one without measuring. */
  gflops: number;
  defaultGflops: number;
}

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** Called between shapes; throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** A time is taken over enough repetitions to last this long: what a submit costs by itself then hardly counts. */
const leastMs = 3;
const mostRepetitions = 32;
/** Tokens of a measured product at least: fewer would measure another case. */
const leastTokens = 128;
/** Rows at either end of a product whose numbers are looked at. */
const edgeRows = 40;
/** How far a choice may be off the first one, in the norm: sums in another order are some 1e-6 apart, in half precision as far as its steps. */
const fullTolerance = 1e-4;
const halfTolerance = 1e-2;
/** Times that one shape needs: a dozen candidates, and a few of them again. */
const timesPerShape = 20;

/**
 * Measures the candidates of each shape on this device, the shapes with most work first, and stops when the time is over, after one at least: shapes
 * that are left keep the choice without measuring. Where the device is slow, products of fewer tokens are measured in their stead.
 */
export async function tuneMatmul(
  gpu: Gpu,
  shapes: readonly MatmulShape[],
  options: TuneOptions,
): Promise<TunedShape[]> {
  const { budgetMs, now = () => performance.now(), between } = options;
  const deadline = now() + budgetMs;
  const expired = (): boolean => now() >= deadline;
  const ordered = shapes.toSorted((a, b) => flopsOf(b) - flopsOf(a));
  const tuned: TunedShape[] = [];
  let flopsPerMs = await firstRate(gpu, ordered[0], now);
  for (const [i, shape] of ordered.entries()) {
    if (i > 0 && expired()) break;
    const affordable = (flopsPerMs * budgetMs) / (ordered.length * timesPerShape);
    const measuredShape = withTokens(shape, affordable);
    const stand = new TestStand(gpu, measuredShape, now);
    try {
      const choices = candidateChoices(gpu.traits, kernelLimits(gpu), measuredShape);
      const [first = defaultChoice(gpu.traits, measuredShape), ...rest] = choices;
      void stand.prepare(rest);
      const { best, ms, firstMs } = await fastest(
        [first, ...rest],
        (choice) => stand.timeOf(choice, flopsPerMs),
        expired,
      );
      const flops = flopsOf(measuredShape);
      tuned.push({ shape, choice: best, gflops: flops / ms / 1e6, defaultGflops: flops / firstMs / 1e6 });
      flopsPerMs = Math.max(flopsPerMs, flops / ms);
    } finally {
      stand.free();
    }
    await between?.(i + 1, ordered.length);
  }
  gpu.commands.submit();
  gpu.pool.trim(0);
  return tuned;
}

/** FLOPs of a product that is measured on a processor: some tens of milliseconds. */
const processorFlops = 1e9;
const roundsMs = 500;

/** Times each shape by the way that is taken without measuring; `gflops` and `defaultGflops` are the same. For wasm and software adapters. */
export async function measureProducts(
  engine: Engine,
  shapes: readonly MatmulShape[],
  { budgetMs, now = () => performance.now(), between }: TuneOptions,
): Promise<TunedShape[]> {
  const deadline = now() + budgetMs;
  const ordered = shapes.toSorted((a, b) => flopsOf(b) - flopsOf(a));
  const measured: TunedShape[] = [];
  for (const [i, shape] of ordered.entries()) {
    if (i > 0 && now() >= deadline) break;
    const few = withTokens(shape, processorFlops);
    const stand = new TestStand(engine, few, now);
    const choice = defaultChoice(engine.traits, few);
    const times: number[] = [];
    try {
      const until = now() + roundsMs;
      // The first time is the compiler's too.
      for (let round = 0; round < 2 || (round < 5 && now() < until); round++)
        times.push((await stand.timeOf(choice, 0)) ?? Infinity);
    } finally {
      stand.free();
    }
    const gflops = flopsOf(few) / Math.min(...times) / 1e6;
    measured.push({ shape, choice, gflops, defaultGflops: gflops });
    await between?.(i + 1, ordered.length);
  }
  engine.pool.trim(0);
  return measured;
}

/** The choices by the names under which the plan keeps them. */
export function planChoices(tuned: readonly TunedShape[]): Record<string, MatmulChoice> {
  return Object.fromEntries(tuned.map(({ shape, choice }) => [planKey(shape), choice]));
}

export function kernelLimits({ device }: Gpu): KernelLimits {
  return { limits: device.limits, subgroups: device.features.has('subgroups'), matrixSides: matrixSidesOf(device) };
}

/** Sides of the subgroup matrices that the device has: an experiment of Chromium's, behind a flag. */
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

/** FLOPs a millisecond at the fewest tokens, by the choice without measuring. The first time is once only, and waits for a shader to be compiled. */
async function firstRate(gpu: Gpu, shape: MatmulShape | undefined, now: () => number): Promise<number> {
  if (!shape) return 1;
  const few = withTokens(shape, 0);
  const stand = new TestStand(gpu, few, now);
  const choice = defaultChoice(gpu.traits, few);
  try {
    let flopsPerMs = 0;
    for (let round = 0; round < 3; round++)
      flopsPerMs = flopsOf(few) / ((await stand.timeOf(choice, round === 0 ? 0 : flopsPerMs)) ?? Infinity);
    return flopsPerMs;
  } finally {
    stand.free();
  }
}

/** The shape with as many tokens as fit into so many FLOPs. */
function withTokens(shape: MatmulShape, flops: number): MatmulShape {
  const tokens = shape.layout === 'TN' ? shape.depth : shape.rows;
  const affordable = Math.floor((flops / flopsOf(shape)) * tokens);
  const used = Math.min(tokens, Math.max(leastTokens, 4 * Math.floor(affordable / 4)));
  return shape.layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}

/** Operands of one product, to be multiplied in many ways. */
class TestStand {
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
