import type { FloatLayout, StoredTensor } from '../../../src/domain/modelTensors';
import type { Database } from '../../../src/storage/database';
import { readTensors, type StoredWeights } from '../../../src/storage/weightReader';
import { sha256Stream } from '../../../src/domain/hash';
import type { AdapterPlan } from '../../../src/domain/train/lora';
import { initialPrefixRows, prefixRowsName, wordRowsName } from '../../../src/domain/train/prefix';
import { momentLayout } from '../../../src/domain/train/trainedParameters';
import type { Engine } from '../../engine/engine';
import { AdamWState } from '../../engine/model/adamWState';
import type { IsTrainable } from '../../engine/model/isTrainable';
import { ParameterStore } from '../../engine/model/parameterStore';
import { WeightAverage } from '../../engine/model/weightAverage';

type Layout = FloatLayout;

async function* laidOut(layout: Layout, read: (name: string) => Promise<Float32Array>): AsyncGenerator<Float32Array> {
  let at = 0;
  for (const tensor of layout.tensors) {
    if (tensor.offset > at) yield new Float32Array(tensor.offset - at);
    yield await read(tensor.name);
    at = tensor.offset + tensor.length;
  }
  if (layout.totalFloats > at) yield new Float32Array(layout.totalFloats - at);
}

/** Yields the weights in the stored layout. Only one tensor at a time is on the host. */
export function weightTensors(layout: Layout, parameters: ParameterStore): AsyncGenerator<Float32Array> {
  return laidOut(layout, (name) => parameters.read(name));
}

/** Yields the weights in the stored layout, with the adapters of the current stage merged into them. */
export function mergedWeightTensors(layout: Layout, parameters: ParameterStore): AsyncGenerator<Float32Array> {
  return laidOut(layout, (name) => parameters.readMerged(name));
}

/**
 * Returns generators of all tensors that a resumed run needs for bit-identical results: the weights, then the first
 * moments, the second moments and the average of the trained parameters.
 */
export function trainingSections(
  layout: Layout,
  parameters: ParameterStore,
  adamW: AdamWState,
  average?: WeightAverage,
): AsyncGenerator<Float32Array>[] {
  const moments = momentLayout(layout, (name) => adamW.isTrained(name));
  return [
    weightTensors(layout, parameters),
    laidOut(moments, (name) => adamW.read('m', name)),
    laidOut(moments, (name) => adamW.read('v', name)),
    ...(average ? [laidOut(moments, (name) => average.segments.read(name))] : []),
  ];
}

/** Returns the SHA-256 of all weights in parameter order, without the padding of the layout. */
export function weightsSha256(tensors: readonly StoredTensor[], parameters: ParameterStore): Promise<string> {
  async function* weights(): AsyncGenerator<Float32Array> {
    for (const tensor of tensors) yield await parameters.read(tensor.name);
  }
  return sha256Stream(weights());
}

/**
 * Reads stored weights into a new ParameterStore on the device. Calls `onTensor` after each tensor. `trainedIn` states
 * for each stage which parameters it trains, and `adapterPlans` its adapters.
 */
export async function loadWeights(
  engine: Engine,
  db: Database,
  layout: Layout,
  weights: StoredWeights,
  onTensor: (done: number, of: number) => void,
  trainedIn?: readonly IsTrainable[],
  adapterPlans?: readonly (AdapterPlan | undefined)[],
): Promise<ParameterStore> {
  const parameters = new ParameterStore(engine, layout.tensors, trainedIn, adapterPlans);
  return filled(parameters, () => reloadWeights(db, layout, weights, parameters, onTensor));
}

/** Fills new parameters, and frees them if filling fails. */
async function filled(parameters: ParameterStore, fill: () => Promise<void>): Promise<ParameterStore> {
  try {
    await fill();
    return parameters;
  } catch (thrown) {
    parameters.dispose();
    throw thrown;
  }
}

/**
 * Reads a base model for a run, like `loadWeights`. If the run trains a prefix, its embeddings get their initial
 * values.
 */
export async function loadBase(
  engine: Engine,
  db: Database,
  model: Layout & StoredWeights,
  onTensor: (done: number, of: number) => void,
  trainedIn: readonly IsTrainable[],
  { adapterPlans, seed }: { adapterPlans: readonly (AdapterPlan | undefined)[]; seed: number },
): Promise<ParameterStore> {
  const prefix = model.tensors.find(({ name }) => name === prefixRowsName);
  if (!prefix) return loadWeights(engine, db, model, model, onTensor, trainedIn, adapterPlans);
  const parameters = new ParameterStore(engine, model.tensors, trainedIn, adapterPlans);
  const stored = { ...model, tensors: model.tensors.filter((tensor) => tensor !== prefix) };
  return filled(parameters, async () => {
    await reloadWeights(db, stored, model, parameters, onTensor);
    const [tokens = 0, width = 0] = prefix.shape;
    parameters.write(prefix.name, initialPrefixRows(await parameters.read(wordRowsName), width, tokens, seed));
  });
}

/** Overwrites the weights on the device with stored ones. */
export async function reloadWeights(
  db: Database,
  layout: Layout,
  weights: StoredWeights,
  parameters: ParameterStore,
  onTensor: (done: number, of: number) => void = () => undefined,
): Promise<void> {
  let done = 0;
  for await (const [{ name }, values] of readTensors(db, weights, layout.tensors)) {
    parameters.write(name, values);
    onTensor(++done, layout.tensors.length);
  }
}

/** Reads the optimizer's moments for a stage from a `latest` checkpoint, where they follow the weights. */
export async function loadMoments(
  db: Database,
  layout: Layout,
  weights: StoredWeights,
  parameters: ParameterStore,
  stage = 0,
): Promise<AdamWState> {
  const adamW = new AdamWState(parameters, stage);
  try {
    for (const [i, moment] of (['m', 'v'] as const).entries())
      for await (const [name, values] of tableTensors(db, layout, weights, (one) => adamW.isTrained(one), i))
        adamW.write(moment, name, values);
    return adamW;
  } catch (thrown) {
    adamW.dispose();
    throw thrown;
  }
}

/** Reads the average that a stage keeps from a `latest` checkpoint, where it follows the moments. */
export async function loadAverage(
  db: Database,
  layout: Layout,
  weights: StoredWeights,
  parameters: ParameterStore,
  { stage, decay }: { stage: number; decay: number },
): Promise<WeightAverage> {
  const average = new WeightAverage(parameters, stage, decay);
  try {
    const { segments } = average;
    for await (const [name, values] of tableTensors(db, layout, weights, segments.layout.isTrainable, 2))
      segments.write(name, values);
    return average;
  } catch (thrown) {
    average.dispose();
    throw thrown;
  }
}

/**
 * Yields the tensors of a table of trained parameters: the `index`th of the tables that follow the weights in a
 * checkpoint.
 */
async function* tableTensors(
  db: Database,
  layout: Layout,
  weights: StoredWeights,
  isTrained: IsTrainable,
  index: number,
): AsyncGenerator<[name: string, values: Float32Array]> {
  const { tensors, totalFloats } = momentLayout(layout, isTrained);
  const begin = layout.totalFloats + index * totalFloats;
  const stored = tensors.map(({ name, offset, length }) => ({ name, offset: begin + offset, length }));
  for await (const [{ name }, values] of readTensors(db, weights, stored)) yield [name, values];
}
