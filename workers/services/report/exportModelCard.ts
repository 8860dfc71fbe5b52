import type { Evaluation } from '../../../src/domain/run';
import type { ExportSource } from './exportSource';

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function hitRow(k: number, before: Evaluation, after: Evaluation): string {
  const cell = (evaluation: Evaluation): string => {
    const interval = evaluation.hitRateIntervals[k];
    return `${percent(evaluation.hitRateAtK[k] ?? NaN)}${interval ? ` (${percent(interval.low)} – ${percent(interval.high)})` : ''}`;
  };
  return `| 检出率 / hit rate @${k} | ${cell(before)} | ${cell(after)} |`;
}

function results({ before, after }: ExportSource): string {
  if (!before || !after) return '没有评测结果。No evaluation was made.';
  const ks = Object.keys(after.hitRateAtK).map(Number);
  const row = (name: string, key: 'mrrAt10' | 'ndcgAt10' | 'recallAt10'): string =>
    `| ${name} | ${before.metrics[key].toFixed(4)} | ${after.metrics[key].toFixed(4)} |`;
  return [
    `${after.metrics.questions} 个问题，${after.metrics.passages} 段知识；括号内为 95 % Wilson 区间。`,
    `${after.metrics.questions} questions over ${after.metrics.passages} passages; 95 % Wilson intervals in brackets.`,
    '',
    '| | 训练前 / before | 训练后 / after |',
    '|---|---|---|',
    ...ks.map((k) => hitRow(k, before, after)),
    row('recall@10', 'recallAt10'),
    row('MRR@10', 'mrrAt10'),
    row('nDCG@10', 'ndcgAt10'),
  ].join('\n');
}

function snippets({ settings }: ExportSource): string {
  const pool = settings.pooling === 'last' ? 'last_token' : settings.pooling;
  const prefix = JSON.stringify(settings.queryPrefix);
  return [
    '```python',
    '# sentence-transformers',
    'from sentence_transformers import SentenceTransformer',
    'model = SentenceTransformer("path/to/this/folder")',
    'vectors = model.encode(["问题"], prompt_name="query")',
    '```',
    '',
    '```js',
    '// transformers.js: pooling and dtype must be named, the defaults differ',
    "import { pipeline } from '@huggingface/transformers';",
    "const embed = await pipeline('feature-extraction', 'path/to/this/folder', { dtype: 'fp32' });",
    `const vectors = await embed([${prefix} + '问题'], { pooling: '${pool}', normalize: ${settings.normalize} });`,
    '```',
    '',
    '```python',
    '# onnxruntime: sentence_embedding is pooled already',
    'import numpy as np, onnxruntime as ort',
    'from tokenizers import Tokenizer',
    'tokenizer = Tokenizer.from_file("tokenizer.json")',
    `ids = np.array([tokenizer.encode(${prefix} + "问题").ids])`,
    'inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}',
    'vector = ort.InferenceSession("onnx/model.onnx").run(["sentence_embedding"], inputs)[0]',
    '```',
    '',
    '```sh',
    '# text-embeddings-inference',
    `text-embeddings-router --model-id path/to/this/folder --pooling ${pool}`,
    '```',
  ].join('\n');
}

/** README.md of an export, in Chinese and English: what the model is, how it must be used, what it reached. */
export function modelCard(source: ExportSource): string {
  const { model, settings, run, testVector } = source;
  const stage = run.experiment.stages.at(-1);
  const data = run.experiment.data.map(
    (entry) => `- ${entry.role}${entry.part ? ` (${entry.part})` : ''}: \`${entry.contentSha256}\``,
  );
  const quoted = (text: string): string => (text === '' ? '（无 / none）' : `\`${text}\``);
  return [
    '---',
    'library_name: sentence-transformers',
    'tags: [sentence-similarity, feature-extraction]',
    '---',
    `# ${model.name}`,
    '',
    `由 Recallsmith（召回工坊）在浏览器中微调。Fine-tuned in the browser with Recallsmith.`,
    '',
    '## 用法 / How it must be used',
    '',
    `- 底座 / base: ${model.name} (\`${model.contentSha256}\`)`,
    `- 池化 / pooling: ${settings.pooling}; 归一化 / normalised: ${settings.normalize}; 最大长度 / max tokens: ${settings.maxTokens}`,
    `- 问题前缀 / query prefix: ${quoted(settings.queryPrefix)}; 段落前缀 / passage prefix: ${quoted(settings.passagePrefix)}`,
    `- 温度 / temperature τ: ${stage?.loss.temperature ?? ''}; 学习率 / learning rate: ${stage?.optimizer.learningRate ?? ''}; 步 / step: ${run.keptStep ?? run.step}`,
    `- 权重 / weights SHA-256: \`${run.weightsSha256 ?? ''}\``,
    '',
    '## 结果 / Results',
    '',
    results(source),
    '',
    '## 数据 / Data',
    '',
    ...data,
    '',
    '## 自检 / Test vector',
    '',
    `\`${testVector.text.replaceAll('`', "'").replaceAll('\n', ' ')}\` → [${testVector.values.map((value) => value.toFixed(6)).join(', ')}, …]`,
    '',
    '## 调用 / Calling it',
    '',
    snippets(source),
    '',
  ].join('\n');
}
