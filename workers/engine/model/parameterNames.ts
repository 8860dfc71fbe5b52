/** Parameter names of Hugging Face's BertModel, without the prefix `bert.` and without the pooler. */
export const embeddingParameterNames = {
  words: 'embeddings.word_embeddings.weight',
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

export function layerParameterName(layer: number, module: LayerModuleName, part: 'weight' | 'bias'): string {
  return `encoder.layer.${layer}.${layerModules[module]}.${part}`;
}

/** Returns the names of one layer's parameters. */
export function layerParameterNames(layer: number): string[] {
  return layerModuleNames.flatMap((module) => [
    layerParameterName(layer, module, 'weight'),
    layerParameterName(layer, module, 'bias'),
  ]);
}
