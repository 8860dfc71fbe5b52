import type { EncoderConfig } from '../../../src/domain/model';

/** Parameter names of Hugging Face's BertModel, without the prefix `bert.` and without the pooler. */
export const embeddingNames = {
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
export type LayerModule = keyof typeof layerModules;
/** A layer's modules in BertModel's order. */
const moduleOrder: readonly LayerModule[] = [
  'query',
  'key',
  'value',
  'attentionOutput',
  'attentionNorm',
  'intermediate',
  'output',
  'outputNorm',
];

export function layerParameter(layer: number, module: LayerModule, part: 'weight' | 'bias'): string {
  return `encoder.layer.${layer}.${layerModules[module]}.${part}`;
}

export interface ParameterShape {
  name: string;
  shape: number[];
}

/** Returns all parameters in canonical order: embeddings first, then layer by layer in BertModel's order. */
export function parameterShapes(config: EncoderConfig): ParameterShape[] {
  const { hiddenSize, intermediateSize } = config;
  const shapes: ParameterShape[] = [
    { name: embeddingNames.words, shape: [config.vocabularySize, hiddenSize] },
    { name: embeddingNames.positions, shape: [config.maxPositions, hiddenSize] },
    { name: embeddingNames.types, shape: [config.typeVocabularySize, hiddenSize] },
    { name: embeddingNames.gamma, shape: [hiddenSize] },
    { name: embeddingNames.beta, shape: [hiddenSize] },
  ];
  const weightShapes: Record<LayerModule, number[]> = {
    query: [hiddenSize, hiddenSize],
    key: [hiddenSize, hiddenSize],
    value: [hiddenSize, hiddenSize],
    attentionOutput: [hiddenSize, hiddenSize],
    attentionNorm: [hiddenSize],
    intermediate: [intermediateSize, hiddenSize],
    output: [hiddenSize, intermediateSize],
    outputNorm: [hiddenSize],
  };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const module of moduleOrder) {
      const shape = weightShapes[module];
      shapes.push({ name: layerParameter(layer, module, 'weight'), shape });
      shapes.push({ name: layerParameter(layer, module, 'bias'), shape: shape.slice(0, 1) });
    }
  }
  return shapes;
}

/** Returns the parameters of BertModel's pooler. Text vectors are pooled otherwise, so no run uses or trains it. */
export function poolerShapes({ hiddenSize }: Pick<EncoderConfig, 'hiddenSize'>): ParameterShape[] {
  return [
    { name: 'pooler.dense.weight', shape: [hiddenSize, hiddenSize] },
    { name: 'pooler.dense.bias', shape: [hiddenSize] },
  ];
}

/** Whether weight decay applies: to everything except biases and LayerNorm. */
export function isDecayed(name: string): boolean {
  return !name.endsWith('bias') && !name.includes('LayerNorm');
}

/** Returns the names of one layer's parameters. */
export function layerParameters(layer: number): string[] {
  return moduleOrder.flatMap((module) => [
    layerParameter(layer, module, 'weight'),
    layerParameter(layer, module, 'bias'),
  ]);
}

/** Whether a parameter is trained. Frozen parameters have no gradient and no moments. */
export type Need = (name: string) => boolean;
