import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { onnxModel } from '../../formats/onnx/onnxModel';
import { writeSafetensors } from '../../formats/safetensors';
import type { ExportSource } from './exportSource';
import { modelCard } from './exportModelCard';

export interface FolderEntry {
  name: string;
  input: string | AsyncIterable<Uint8Array<ArrayBuffer>>;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function parsed(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Uses the class paths that Ollama and older versions look for; current sentence-transformers still maps them. */
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

function prompts(settings: ExperimentModel): unknown {
  return {
    prompts: { query: settings.queryPrefix, document: settings.passagePrefix },
    default_prompt_name: null,
    similarity_fn_name: 'cosine',
  };
}

/** Keeps the base model's do_lower_case, which sentence-transformers applies before the tokenizer. */
export function sentenceConfig({ maxTokens }: ExperimentModel, { files }: StoredModel): unknown {
  const lowercases = parsed(files['sentence_bert_config.json'])['do_lower_case'] === true;
  return { max_seq_length: maxTokens, do_lower_case: lowercases };
}

/** Lists the files of an exported model: Hugging Face layout, sentence-transformers modules and ONNX. */
export function exportFolder(source: ExportSource): FolderEntry[] {
  const { model, settings, run } = source;
  const { files, tensors, config } = model;
  const copied = ['tokenizer.json', 'special_tokens_map.json', 'vocab.txt'].flatMap((name) =>
    files[name] === undefined ? [] : [{ name, input: files[name] }],
  );
  const tokenizerConfig = { ...parsed(files['tokenizer_config.json']), model_max_length: settings.maxTokens };
  const producer = { name: 'recallsmith', version: run.build };
  const { pooling: mode, normalize } = settings;
  return [
    {
      name: 'config.json',
      input: json({ ...parsed(files['config.json']), architectures: ['BertModel'], torch_dtype: 'float32' }),
    },
    ...copied,
    { name: 'tokenizer_config.json', input: json(tokenizerConfig) },
    { name: 'modules.json', input: json(modules(normalize)) },
    { name: 'sentence_bert_config.json', input: json(sentenceConfig(settings, model)) },
    { name: 'config_sentence_transformers.json', input: json(prompts(settings)) },
    { name: '1_Pooling/config.json', input: json(pooling(settings, model)) },
    ...(normalize ? [{ name: '2_Normalize/config.json', input: '{}\n' }] : []),
    { name: 'model.safetensors', input: writeSafetensors(tensors, source.read) },
    { name: 'onnx/model.onnx', input: onnxModel({ config, pooling: mode, normalize, producer, read: source.read }) },
    { name: 'README.md', input: modelCard(source) },
    { name: 'experiment.json', input: `${canonicalJson(run.experiment)}\n` },
  ];
}
