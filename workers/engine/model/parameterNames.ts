import { prefixRowsName } from '../../../src/domain/train/prefix';

/** Parameter names of Hugging Face's BertModel, without the prefix `bert.` and without the pooler. */
export const embeddingParameterNames = {
  words: 'embeddings.word_embeddings.weight',
  /** New rows of the word embeddings, which a stage may train on their own. Most models lack them. */
  prefix: prefixRowsName,
  positions: 'embeddings.position_embeddings.weight',
  types: 'embeddings.token_type_embeddings.weight',
  gamma: 'embeddings.LayerNorm.weight',
  beta: 'embeddings.LayerNorm.bias',
} as const;

/** Names of a layer's modules by their role. Each module has `.weight` and `.bias`. */
const layerModules = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
} as const;

export type LayerModuleName = keyof typeof layerModules;
/** A layer's modules in BertModel's order. */
export const layerModuleNames: readonly LayerModuleName[] = [
  'query',
  'key',
  'value',
  'attentionOutput',
  'attentionNorm',
  'intermediate',
  'output',
  'outputNorm',
];

/** Returns the full name of a module, e.g. `encoder.layer.0.output.dense`. */
export function layerModulePath(layer: number, module: LayerModuleName): string {
  return `encoder.layer.${layer}.${layerModules[module]}`;
}

/** Returns the module that a weight belongs to, or undefined if it is no module's weight. */
export function layerModuleOf(weight: string): { layer: number; module: LayerModuleName } | undefined {
  const [, layer] = /^encoder\.layer\.(\d+)\./.exec(weight) ?? [];
  if (layer === undefined) return undefined;
  const module = layerModuleNames.find((name) => weight === layerParameterName(Number(layer), name, 'weight'));
  return module && { layer: Number(layer), module };
}

export function layerParameterName(layer: number, module: LayerModuleName, part: 'weight' | 'bias'): string {
  return `${layerModulePath(layer, module)}.${part}`;
}

/** Returns the names of one layer's parameters. */
export function layerParameterNames(layer: number): string[] {
  return layerModuleNames.flatMap((module) => [
    layerParameterName(layer, module, 'weight'),
    layerParameterName(layer, module, 'bias'),
  ]);
}
