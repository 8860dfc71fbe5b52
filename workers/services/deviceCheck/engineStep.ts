import type { CheckPrecision } from '../../../src/domain/deviceCheck/deviceCheck';
import { firstLossScale, nextLossScale } from '../../../src/domain/train/lossScale';
import type { Engine } from '../../engine/engine';
import { computeGradients } from '../../engine/gradients';
import { infoNceLoss } from '../../engine/losses/infoNce';
import type { StepBatch } from '../../engine/losses/loss';
import { HalfWeights } from '../../engine/model/halfWeights';
import { parameterShapes } from '../../engine/model/parameterShapes';
import { ParameterStore } from '../../engine/model/parameterStore';
import { SegmentTable } from '../../engine/model/segmentTable';
import type { TokenBatch } from '../../engine/model/tokenBatch';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import type { StoredTensor } from '../../../src/domain/modelTensors';
import { weightsOfParameter, type LossAndGradients, type TrainingStep } from '../../reference/trainingStep';

/** A training step on the engine, computed by the same functions as in a run. */
export class EngineStep {
  readonly #parameters: ParameterStore;
  readonly #gradients: SegmentTable;
  readonly #half: HalfWeights | undefined;
  readonly #batch: StepBatch;
  #scale = firstLossScale();

  constructor(
    private readonly engine: Engine,
    private readonly step: TrainingStep,
    private readonly precision: CheckPrecision,
  ) {
    const { config } = step;
    this.#parameters = new ParameterStore(engine, layOut(step));
    const { segments } = this.#parameters;
    for (const { name } of this.#parameters.tensors) this.#parameters.write(name, weightsOfParameter(step, name));
    this.#gradients = new SegmentTable(engine, segments.layout, 'trainable');
    if (precision === 'mixed') this.#half = new HalfWeights(segments, config);
    this.#batch = { anchors: tokenBatch(step.anchors), candidates: tokenBatch(step.positives) };
  }

  /** Computes the loss and all gradients. GPU→CPU sync: the loss arrives once everything before it is done. */
  async run(): Promise<number> {
    const { engine, step } = this;
    const { config, temperature } = step;
    const loss = infoNceLoss({ temperature, directions: 'queryToPassage' });
    const numbers = engine.pool.allocate([loss.numbers.length]);
    this.#half?.refresh();
    const context = {
      engine,
      weights: this.#parameters.segments,
      half: this.#half,
      config,
      dropout: undefined,
    };
    const options = { pooling: 'mean', loss, gradientScale: this.#gradientScale } as const;
    computeGradients(context, this.#batch, options, { numbers, gradients: this.#gradients });
    const read = engine.commands.read(numbers); // GPU→CPU sync
    engine.pool.free(numbers);
    const [value = NaN] = await read;
    engine.pool.trim();
    return value;
  }

  /**
   * Runs the step and reads all gradients. As in a run, halves the loss scale if gradients overflow in half precision.
   */
  async result(): Promise<LossAndGradients> {
    for (;;) {
      const loss = await this.run();
      const gradients = await this.#readGradients();
      const smaller = this.#half && hasOverflow(gradients) ? nextLossScale(this.#scale, true) : null;
      if (!smaller) return { loss, gradients };
      this.#scale = smaller;
    }
  }

  dispose(): void {
    this.#half?.dispose();
    this.#gradients.dispose();
    this.#parameters.dispose();
    releaseIdleMemory(this.engine);
  }

  get #gradientScale(): number {
    return this.precision === 'mixed' ? this.#scale.scale : 1;
  }

  async #readGradients(): Promise<Map<string, Float32Array>> {
    const gradients = new Map<string, Float32Array>();
    for (const { name } of this.#parameters.tensors)
      gradients.set(
        name,
        (await this.#gradients.read(name)).map((value) => value / this.#gradientScale),
      );
    return gradients;
  }
}

function hasOverflow(gradients: ReadonlyMap<string, Float32Array>): boolean {
  return [...gradients.values()].some((values) => values.some((value) => !Number.isFinite(value)));
}

function layOut({ config }: TrainingStep): StoredTensor[] {
  let offset = 0;
  return parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    offset += length;
    return { name, shape, offset: offset - length, length };
  });
}

function tokenBatch(texts: readonly (readonly number[])[]): TokenBatch {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { ids: Int32Array.from(texts.flat()), offsets };
}
