import type { EncoderConfig } from '../../src/domain/model';
import type { StoredTensor } from '../../src/domain/modelTensors';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { readSafetensorsF16 } from '../reference/safetensorsF16';
import { tensorLayout } from './tensorLayout';
import { projectFile } from './projectFile';

const sharedFolder = '../shared';

/** Reads a text file in ../shared. */
export async function readSharedText(path: string): Promise<string> {
  return new TextDecoder().decode(await projectFile(`${sharedFolder}/${path}`));
}

/** Whether the folder with the models and the reference run exists next to the project. */
export const hasSharedModels = await readSharedText('models/demo-zh/config.json').then(
  (text) => text.includes('hidden_size'),
  () => false,
);

/** Loads a model in ../shared onto the open device. */
export async function loadSharedModel(
  name: string,
): Promise<{ config: EncoderConfig; tensors: StoredTensor[]; parameters: ParameterStore }> {
  const json: Record<string, number> = JSON.parse(await readSharedText(`models/${name}/config.json`));
  const number = (key: string): number => {
    const value = json[key];
    if (typeof value !== 'number') throw new Error(`${name}: no ${key}`);
    return value;
  };
  const config: EncoderConfig = {
    layers: number('num_hidden_layers'),
    hiddenSize: number('hidden_size'),
    heads: number('num_attention_heads'),
    intermediateSize: number('intermediate_size'),
    vocabularySize: number('vocab_size'),
    maxPositions: number('max_position_embeddings'),
    typeVocabularySize: number('type_vocab_size'),
    layerNormEpsilon: number('layer_norm_eps'),
    hiddenDropout: 0,
    attentionDropout: 0,
    padTokenId: number('pad_token_id'),
  };
  const tensors = tensorLayout(parameterShapes(config));
  const weights = readSafetensorsF16(await projectFile(`${sharedFolder}/models/${name}/model.safetensors`));
  const parameters = new ParameterStore(deviceEngine(), tensors);
  for (const { name: tensor } of tensors) {
    const values = weights.get(tensor) ?? weights.get(`bert.${tensor}`);
    if (!values) throw new Error(`${name}: no ${tensor}`);
    parameters.write(tensor, values);
  }
  return { config, tensors, parameters };
}
