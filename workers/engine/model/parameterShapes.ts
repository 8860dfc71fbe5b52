import type { EncoderConfig } from '../../../src/domain/model';
import { embeddingParameterNames, type LayerModuleName, layerModuleNames, layerParameterName } from './parameterNames';

interface ParameterShape {
  name: string;
  shape: number[];
}

/** Returns all parameters in canonical order: embeddings first, then layer by layer in BertModel's order. */
export function parameterShapes(config: EncoderConfig): ParameterShape[] {
  const { hiddenSize, intermediateSize } = config;
  const shapes: ParameterShape[] = [
    { name: embeddingParameterNames.words, shape: [config.vocabularySize, hiddenSize] },
    { name: embeddingParameterNames.positions, shape: [config.maxPositions, hiddenSize] },
    { name: embeddingParameterNames.types, shape: [config.typeVocabularySize, hiddenSize] },
    { name: embeddingParameterNames.gamma, shape: [hiddenSize] },
    { name: embeddingParameterNames.beta, shape: [hiddenSize] },
  ];
  const weightShapes: Record<LayerModuleName, number[]> = {
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
    for (const module of layerModuleNames) {
      const shape = weightShapes[module];
      shapes.push({ name: layerParameterName(layer, module, 'weight'), shape });
      shapes.push({ name: layerParameterName(layer, module, 'bias'), shape: shape.slice(0, 1) });
    }
  }
  return shapes;
}

/**
 * Returns the parameters of BertModel's pooler. Text vectors are pooled in another way, so no run uses or trains it.
 */
export function poolerShapes({ hiddenSize }: Pick<EncoderConfig, 'hiddenSize'>): ParameterShape[] {
  return [
    { name: 'pooler.dense.weight', shape: [hiddenSize, hiddenSize] },
    { name: 'pooler.dense.bias', shape: [hiddenSize] },
  ];
}
