import type { FloatLayout, StoredTensor } from '../modelTensors';
import { RandomStream } from '../random';
import type { LoraMatrix, LoraStrategy } from './loraSchema';
import type { Stage } from './stageSchema';

type Choice = Pick<Stage, 'strategy' | 'frozen'>;

/** Prefix that peft puts before the names of a model's modules. */
const prefix = 'base_model.model.';

/** Multiples of 256 bytes, like the offsets of all stored tensors. */
const alignedFloats = 64;

/** Whether a parameter belongs to an adapter, by its name. */
export function isAdapter(name: string): boolean {
  return name.startsWith(prefix);
}

/** Returns peft's name for A or B of a module such as `encoder.layer.0.output.dense`. */
export function adapterName(module: string, part: 'A' | 'B'): string {
  return `${prefix}${module}.lora_${part}.weight`;
}

/** Returns the path of a module within its layer. */
function matrixPath(matrix: LoraMatrix): string {
  return matrix === 'query' || matrix === 'key' || matrix === 'value' ? `attention.self.${matrix}` : matrix;
}

/** Returns the weights, [out, in], that get adapters in a stage. Those of frozen layers get none. */
export function adaptedWeights<Tensor extends Pick<StoredTensor, 'name'>>(
  tensors: readonly Tensor[],
  { strategy, frozen }: Choice,
): Tensor[] {
  if (strategy.kind !== 'lora') return [];
  const paths = new Set(strategy.matrices.map(matrixPath));
  return tensors.filter(({ name }) => {
    const [, layer, path] = /^encoder\.layer\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    return path !== undefined && paths.has(path) && Number(layer) >= (frozen?.layers ?? 0);
  });
}

/** Returns the tensors of a stage's adapters: A [rank, in] and B [out, rank] of each. `offset` is that of the first. */
export function adapterTensors(
  tensors: readonly Pick<StoredTensor, 'name' | 'shape'>[],
  choice: Choice,
  offset = 0,
): StoredTensor[] {
  const { strategy } = choice;
  if (strategy.kind !== 'lora') return [];
  let at = offset;
  const placed = (name: string, rows: number, columns: number): StoredTensor => {
    const tensor = { name, shape: [rows, columns], offset: at, length: rows * columns };
    at += Math.ceil(tensor.length / alignedFloats) * alignedFloats;
    return tensor;
  };
  return adaptedWeights(tensors, choice).flatMap(({ name, shape: [rows = 0, columns = 0] }) => {
    const module = name.replace(/\.weight$/, '');
    return [
      placed(adapterName(module, 'A'), strategy.rank, columns),
      placed(adapterName(module, 'B'), rows, strategy.rank),
    ];
  });
}

/** Returns the layout of the weights in a stage's checkpoint: the model's, then the adapters' if there are any. */
export function stageLayout(model: FloatLayout, choice: Choice): FloatLayout {
  const adapters = adapterTensors(model.tensors, choice, model.totalFloats);
  const last = adapters.at(-1);
  if (!last) return model;
  const totalFloats = last.offset + Math.ceil(last.length / alignedFloats) * alignedFloats;
  return { tensors: [...model.tensors, ...adapters], totalFloats };
}

/** Returns the most floats that a checkpoint stores as weights in any stage. */
export function storedWeightFloats(model: FloatLayout, stages: readonly Choice[]): number {
  return stages.reduce((most, stage) => Math.max(most, stageLayout(model, stage).totalFloats), model.totalFloats);
}

/** The adapters of a stage. */
export interface AdapterPlan {
  tensors: readonly StoredTensor[];
  rank: number;
  /** α/r, the factor of B·A. */
  scale: number;
  dropout: number;
  /** Returns a tensor's values before the stage's first step. */
  initial: (tensor: StoredTensor) => Float32Array;
}

/** Returns the adapters of a stage, or undefined if it does not train with LoRA. */
export function adapterPlan(
  { tensors, totalFloats }: FloatLayout,
  stage: Choice,
  random: { seed: number; stage: number },
): AdapterPlan | undefined {
  const { strategy } = stage;
  if (strategy.kind !== 'lora') return undefined;
  const own = adapterTensors(tensors, stage, totalFloats);
  const { rank, alpha, dropout } = strategy;
  return {
    tensors: own,
    rank,
    scale: alpha / rank,
    dropout,
    initial: (tensor) => initialAdapter(tensor, { ...random, index: own.indexOf(tensor) }),
  };
}

/**
 * Returns the initial values of an adapter, as in peft: B is zero, so that the first step computes the same as the base
 * model; A is uniform in ±1/√in, which is Kaiming's initialization with a = √5.
 */
function initialAdapter(
  { name, shape: [, columns = 1], length }: StoredTensor,
  { seed, stage, index }: { seed: number; stage: number; index: number },
): Float32Array {
  const values = new Float32Array(length);
  if (name.endsWith('.lora_B.weight')) return values;
  const random = new RandomStream(seed, 'adapters', stage, index);
  const bound = 1 / Math.sqrt(columns);
  return values.map(() => (2 * random.unit() - 1) * bound);
}

/** Whether the adapters can be exported: nothing else has changed the weights. */
export function hasOwnAdapter(stages: readonly Choice[]): boolean {
  return stages.length === 1 && stages[0]?.strategy.kind === 'lora';
}

/** Whether some stage trains with LoRA. */
export function usesLora(stages: readonly Choice[]): boolean {
  return stages.some(({ strategy }) => strategy.kind === 'lora');
}

/** Returns the configuration file with which peft adds the adapters to the base model. */
export function adapterConfig(
  { rank, alpha, dropout, matrices }: LoraStrategy,
  layers: readonly number[],
  baseModel: string | null,
): unknown {
  const paths = matrices.map((matrix) => matrixPath(matrix).replaceAll('.', '\\.'));
  return {
    peft_type: 'LORA',
    task_type: 'FEATURE_EXTRACTION',
    base_model_name_or_path: baseModel,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    // A regular expression, because peft would apply a name in a list to every module that ends with it: `output.dense`
    // also matches `attention.output.dense`.
    target_modules: `(.*\\.)?encoder\\.layer\\.(${layers.join('|')})\\.(${paths.join('|')})`,
  };
}
