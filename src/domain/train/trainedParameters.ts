import type { FloatLayout, StoredTensor } from '../modelTensors';
import { adapterTensors, isAdapter, stageLayout } from './lora';
import { prefixRowsName, prefixTensor, prefixTokens } from './prefix';
import type { Stage } from './stageSchema';

type Named = Pick<StoredTensor, 'name' | 'length' | 'shape'>;
type Choice = Pick<Stage, 'strategy' | 'frozen'>;

/** Returns the layer that a parameter or adapter belongs to, from 0, or null for the embeddings. */
function layerOf(name: string): number | null {
  const found = /(?:^|\.)encoder\.layer\.(\d+)\./.exec(name);
  return found ? Number(found[1]) : null;
}

/** Returns how many of a model's layers come after a parameter: all of them for the embeddings. */
export function layersAbove(name: string, layers: number): number {
  return layers - 1 - (layerOf(name) ?? -1);
}

/**
 * Returns whether a stage trains a parameter, by its name. A LoRA stage trains its adapters, and a prefix stage the new
 * rows of the embeddings.
 */
export function trainedBy({ strategy, frozen }: Choice): (name: string) => boolean {
  if (strategy.kind === 'lora') return isAdapter;
  return (name) => {
    const layer = layerOf(name);
    if (layer === null ? frozen?.embeddings : layer < (frozen?.layers ?? 0)) return false;
    if (strategy.kind === 'prefix') return name === prefixRowsName;
    return strategy.kind === 'full' || strategy.keywords.some((keyword) => name.includes(keyword));
  };
}

interface TrainedParameters {
  names: string[];
  trained: number;
  all: number;
}

/**
 * Returns the names of the parameters that a stage trains, how many numbers they hold, and how many the model holds.
 * The model's number excludes adapters. `tensors` may lack the rows of a prefix.
 */
export function trainedParameters(tensors: readonly Named[], choice: Choice): TrainedParameters {
  const isTrained = trainedBy(choice);
  const added = [...adapterTensors(tensors, choice), ...newRows(tensors, choice)];
  const chosen = [...tensors, ...added].filter(({ name }) => isTrained(name));
  const sum = (some: readonly Named[]): number => some.reduce((total, { length }) => total + length, 0);
  return { names: chosen.map(({ name }) => name), trained: sum(chosen), all: sum(tensors) };
}

/** Returns the rows that a prefix stage adds to a model, if the model lacks them. */
function newRows(tensors: readonly Named[], { strategy }: Choice): Named[] {
  if (strategy.kind !== 'prefix' || tensors.some(({ name }) => name === prefixRowsName)) return [];
  const rows = prefixTensor(tensors, prefixTokens(strategy).length);
  return rows ? [rows] : [];
}

/**
 * Returns the layout of each moment in a stage's checkpoint: that of the weights if all parameters are trained,
 * otherwise the trained parameters without gaps.
 */
export function momentLayout(layout: FloatLayout, isTrained: (name: string) => boolean): FloatLayout {
  const trained = layout.tensors.filter(({ name }) => isTrained(name));
  if (trained.length === layout.tensors.length) return layout;
  let totalFloats = 0;
  const tensors = trained.map((tensor) => {
    const placed = { ...tensor, offset: totalFloats };
    totalFloats += tensor.length;
    return placed;
  });
  return { tensors, totalFloats };
}

/** Returns the layout of each moment in the checkpoints of a model's stage. */
export function stageMoments(model: FloatLayout, stage: Choice): FloatLayout {
  return momentLayout(stageLayout(model, stage), trainedBy(stage));
}

/** Returns the most floats that a checkpoint stores besides the weights in any stage: two moments and the average. */
export function optimizerFloats(layout: FloatLayout, stages: readonly (Choice & Pick<Stage, 'ema'>)[]): number {
  const floatsOf = (stage: (typeof stages)[number]): number =>
    (stage.ema ? 3 : 2) * stageMoments(layout, stage).totalFloats;
  return stages.reduce((most, stage) => Math.max(most, floatsOf(stage)), 0);
}

/** Returns the number of layers of a model, from the names of its parameters. */
export function layerCount(tensors: readonly Pick<Named, 'name'>[]): number {
  return tensors.reduce((most, { name }) => Math.max(most, (layerOf(name) ?? -1) + 1), 0);
}
