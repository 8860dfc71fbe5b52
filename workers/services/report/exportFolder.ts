import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { ExperimentModel } from '../../../src/domain/experiment';
import { experimentFileOf } from '../../../src/domain/experimentFile';
import type { StoredModel } from '../../../src/domain/model';
import { prefixOf } from '../../../src/domain/train/prefix';
import { onnxModel } from '../../formats/onnx/onnxModel';
import type { FileInput } from '../../formats/collectFile';
import { adapterFiles } from './exportAdapter';
import { jsonText, parsedJson } from './exportJson';
import { modelCard } from './exportModelCard';
import type { BlendJob } from '../../../src/domain/evaluate/blendFile';
import type { ExportedBlend, ExportSource } from './exportSource';
import { exportedSentenceConfig } from './exportSentenceConfig';
import { exportedTokenizerFiles } from './exportTokenizer';
import { safetensors } from './exportWeights';

export interface ExportFolderEntry {
  name: string;
  input: FileInput;
}

/**
 * Returns modules.json. Its class paths are those that Ollama and older versions of sentence-transformers expect; the
 * current version still maps them.
 */
function modules(normalize: boolean): unknown[] {
  const module = (idx: number, path: string, type: string): unknown => ({
    idx,
    name: String(idx),
    path,
    type: `sentence_transformers.models.${type}`,
  });
  const list = [module(0, '', 'Transformer'), module(1, '1_Pooling', 'Pooling')];
  return normalize ? [...list, module(2, '2_Normalize', 'Normalize')] : list;
}

function pooling(settings: ExperimentModel, model: StoredModel): unknown {
  return {
    word_embedding_dimension: model.config.hiddenSize,
    pooling_mode_cls_token: settings.pooling === 'cls',
    pooling_mode_mean_tokens: settings.pooling === 'mean',
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
    pooling_mode_lasttoken: settings.pooling === 'last',
  };
}

/**
 * Returns config.json. If the run trained a prefix, its vocabulary is larger than the base model's. Newer versions of
 * transformers call the element type `dtype` and prefer it to `torch_dtype`, so the source's `dtype` must not remain.
 */
function modelConfig({ model: { files, config }, run }: ExportSource): unknown {
  const size = prefixOf(run.experiment.stages) ? { vocab_size: config.vocabularySize } : {};
  const { dtype: _sourceDtype, ...source } = parsedJson(files['config.json']);
  return { ...source, ...size, architectures: ['BertModel'], torch_dtype: 'float32' };
}

function prompts(settings: ExperimentModel): unknown {
  return {
    prompts: { query: settings.queryPrefix, document: settings.passagePrefix },
    default_prompt_name: null,
    similarity_fn_name: 'cosine',
  };
}

/** Returns the field of experiment.json that makes the runner export the same blend. */
function blendField(blend: ExportedBlend | undefined): { blend?: BlendJob } {
  return blend ? { blend: { ratios: [blend.ratio], export: blend.ratio } } : {};
}

/** Lists the files of an exported model: Hugging Face layout, sentence-transformers modules, ONNX, and the adapter. */
export function exportFolder(source: ExportSource): ExportFolderEntry[] {
  const { model, settings, run, blend } = source;
  const { files, config } = model;
  const producer = { name: 'recallsmith', version: run.build };
  const { pooling: mode, normalize } = settings;
  return [
    {
      name: 'config.json',
      input: jsonText(modelConfig(source)),
    },
    ...exportedTokenizerFiles(files, settings.maxTokens),
    { name: 'modules.json', input: jsonText(modules(normalize)) },
    { name: 'sentence_bert_config.json', input: jsonText(exportedSentenceConfig(settings, model)) },
    { name: 'config_sentence_transformers.json', input: jsonText(prompts(settings)) },
    { name: '1_Pooling/config.json', input: jsonText(pooling(settings, model)) },
    ...(normalize ? [{ name: '2_Normalize/config.json', input: '{}\n' }] : []),
    { name: 'model.safetensors', input: safetensors(source) },
    { name: 'onnx/model.onnx', input: onnxModel({ config, pooling: mode, normalize, producer, read: source.read }) },
    ...adapterFiles(source),
    { name: 'README.md', input: modelCard(source) },
    {
      name: 'experiment.json',
      input: `${canonicalJson({ ...experimentFileOf(run.experiment, model), ...blendField(blend) })}\n`,
    },
  ];
}
