import type { DataEntry } from '../../../src/domain/experiment';
import { hubLocation } from '../../../src/domain/import/hub';
import type { DataRole, QuestionPart } from '../../../src/domain/records';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import { lowercasesFirst } from '../tokenize/letterCase';
import { prefixOf } from '../../../src/domain/train/prefix';
import { onlyStageLines, stageTable } from './cardStages';
import { adapterExport, exportedLora } from './exportAdapter';
import type { ExportSource } from './exportSource';
import { missingPooler } from './exportWeights';
import { thresholdLines } from './cardThreshold';

function percent(value: number): string {
  return `${(value * 100).toFixed(1)}%`;
}

function hitRow(k: number, before: Evaluation, after: Evaluation): string {
  const cell = (evaluation: Evaluation): string => {
    const interval = evaluation.hitRateIntervals[k];
    return `${percent(evaluation.hitRateAtK[k] ?? NaN)}${interval ? ` (${percent(interval.low)}–${percent(interval.high)})` : ''}`;
  };
  return `| 检出率@${k} / Hit rate @${k} | ${cell(before)} | ${cell(after)} |`;
}

function results({ before, after, blend }: ExportSource): string {
  if (!before || !after) return '没有测试集评测结果。\n\nNot evaluated on a test set.';
  const column = blend ? '混合后 / Blend' : '训练后 / After';
  const ks = Object.keys(after.hitRateAtK).map(Number);
  const row = (name: string, key: 'mrrAt10' | 'ndcgAt10' | 'recallAt10'): string =>
    `| ${name} | ${before.metrics[key].toFixed(4)} | ${after.metrics[key].toFixed(4)} |`;
  return [
    `测试集共 ${after.metrics.questions} 题，在 ${after.metrics.passages} 段的知识库中检索。括号内是 95% Wilson 置信区间。`,
    '',
    `${after.metrics.questions} test questions, searched over ${after.metrics.passages} passages. ` +
      'Parentheses show 95% Wilson confidence intervals.',
    '',
    `| 指标 / Metric | 训练前 / Before | ${column} |`,
    '|---|---|---|',
    ...ks.map((k) => hitRow(k, before, after)),
    row('Recall@10', 'recallAt10'),
    row('MRR@10', 'mrrAt10'),
    row('nDCG@10', 'ndcgAt10'),
  ].join('\n');
}

/** Returns the example that adds the adapter to the base model. */
function adapterSnippet(source: ExportSource): string[] {
  const { model } = source;
  if (!exportedLora(source)) return [];
  return [
    '',
    '```python',
    '# peft: only the adapter, on the base model',
    'from peft import PeftModel',
    'from sentence_transformers import SentenceTransformer',
    `base = ${JSON.stringify(model.hub?.id ?? 'path/to/the/base/model')}`,
    'model = SentenceTransformer(base, model_kwargs={"dtype": "float32"})',
    'model[0].auto_model = PeftModel.from_pretrained(model[0].auto_model, "path/to/this/folder/adapter")',
    '```',
  ];
}

function snippets(source: ExportSource): string {
  const { settings } = source;
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
    '// transformers.js: set pooling and dtype explicitly, because its defaults differ',
    "import { pipeline } from '@huggingface/transformers';",
    "const embed = await pipeline('feature-extraction', 'path/to/this/folder', { dtype: 'fp32' });",
    `const vectors = await embed([${prefix} + '问题'], { pooling: '${pool}', normalize: ${settings.normalize} });`,
    '```',
    '',
    '```python',
    '# onnxruntime: sentence_embedding is already pooled',
    'import numpy as np, onnxruntime as ort',
    'from tokenizers import Tokenizer',
    'tokenizer = Tokenizer.from_file("tokenizer.json")',
    'tokenizer.no_padding()',
    `tokenizer.enable_truncation(max_length=${settings.maxTokens})`,
    `ids = np.array([tokenizer.encode(${prefix} + "问题").ids], dtype=np.int64)`,
    'inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}',
    'vector = ort.InferenceSession("onnx/model.onnx").run(["sentence_embedding"], inputs)[0]',
    '```',
    '',
    '```sh',
    '# text-embeddings-inference',
    `text-embeddings-router --model-id path/to/this/folder --pooling ${pool.replace('_', '-')}`,
    '```',
    ...adapterSnippet(source),
  ].join('\n');
}

const roleNames: Record<DataRole, string> = {
  knowledgeBase: '知识库 / Knowledge base',
  pairs: '训练问答对 / Training pairs',
  questions: '问题 / Questions',
  scoredPairs: '打分句对 / Scored pairs',
};
const partNames: Record<QuestionPart, string> = {
  dev: '验证问题 / Dev questions',
  test: '测试问题 / Test questions',
};

function dataLine({ role, part, contentSha256 }: DataEntry): string {
  return `- ${part ? partNames[part] : roleNames[role]}: \`${contentSha256}\``;
}

function settingsLines({ settings, model, run }: ExportSource): string[] {
  const joinTitles = run.experiment.data.some((entry) => entry.joinTitles === true);
  const quoted = (text: string): string => (text === '' ? '无 / none' : `\`${text}\``);
  return [
    '使用模型时请保持以下设置，否则得到的向量会不同。',
    '',
    'Keep these settings when you use the model, or its vectors will differ.',
    '',
    `- 池化 / Pooling: ${settings.pooling}`,
    `- 归一化 / Normalised: ${settings.normalize ? '是 / yes' : '否 / no'}`,
    `- 最大长度 / Maximum length: ${settings.maxTokens} tokens`,
    `- 先转为小写 / Lowercased first: ${lowercasesFirst(model.files) ? '是 / yes' : '否 / no'}`,
    `- 问题前缀 / Query prefix: ${quoted(settings.queryPrefix)}`,
    `- 段落前缀 / Passage prefix: ${quoted(settings.passagePrefix)}`,
    ...(joinTitles ? ['- 有标题的段落：标题、空格、正文 / Passages with a title: title, space, text'] : []),
  ];
}

function poolerLine({ model }: ExportSource): string {
  const { names, healable } = missingPooler(model);
  const listed = names.map((name) => `\`${name}\``).join(', ');
  const warning =
    `transformers 载入时会提示新初始化了 ${listed}，文本向量不受影响。/ ` +
    `transformers reports ${listed} as newly initialized. Text vectors do not depend on it.`;
  if (names.length === 0) return '- Pooler: 和基座模型相同 / same as in the base model';
  if (!healable) return `- Pooler: 基座模型里没有 / not in the base model. ${warning}`;
  return (
    '- Pooler: 早先导入基座模型时没有保存；重新导入基座模型后再导出，就会带上 / ' +
    'not kept when the base model was imported; import the base model again, then export again to include it. ' +
    warning
  );
}

function adapterLines(source: ExportSource): string[] {
  const { run, blend } = source;
  const lora = exportedLora(source);
  if (lora)
    return [
      `- LoRA: r = ${lora.rank}, α = ${lora.alpha}, ${lora.matrices.join(', ')}`,
      '- 适配器 / Adapter: `adapter/`（PEFT 格式），可加载到基座模型上；其余文件里的权重已合并它。/ ' +
        "`adapter/` in PEFT's format, for the base model. The weights in the other files include it.",
    ];
  const adapter = adapterExport(run.experiment, blend !== undefined);
  if (adapter === 'blended')
    return ['- 适配器 / Adapter: 已合并进权重再混合，没有单独导出。/ merged before blending, not exported on its own.'];
  return adapter === 'several-stages'
    ? [
        '- 适配器 / Adapter: LoRA 阶段已合并进权重；还有别的阶段改变了权重，所以没有单独导出适配器。/ ' +
          'merged into the weights. Other stages changed the weights too, so it is not exported on its own.',
      ]
    : [];
}

function prefixLines({ run }: ExportSource): string[] {
  const prefix = prefixOf(run.experiment.stages);
  if (!prefix) return [];
  const tokens = prefix.tokens.map((token) => `\`${token}\``).join(', ');
  return [
    `- 前缀 token / Prefix tokens: ${tokens}，新加的特殊 token，上面的前缀已包含 / ` +
      'new special tokens, which the prefixes above include',
  ];
}

/** Describes how the weights were interpolated, with the metrics on dev by which to judge the ratio. */
function blendLines({ blend }: ExportSource): string[] {
  if (!blend) return [];
  const { ratio, dev } = blend;
  const base = Number((1 - ratio).toFixed(6));
  return [
    `- 混合 / Blend: ${base} × 基座 + ${ratio} × 微调 / ${base} × base + ${ratio} × tuned`,
    ...(dev
      ? [`- 混合后在验证集上 / Blend on dev: MRR@10 ${dev.mrrAt10.toFixed(4)}, ${dev.questions} 题 / questions`]
      : []),
  ];
}

function trainingLines(source: ExportSource): string[] {
  const { model, run, blend } = source;
  return [
    `- 基座模型 / Base model: ${oneLine(model.name)} (\`${model.contentSha256}\`)`,
    ...(model.hub ? [`- 来源 / From: ${model.hub.host}, ${model.hub.id}, commit \`${model.hub.commit}\``] : []),
    poolerLine(source),
    ...adapterLines(source),
    ...prefixLines(source),
    ...blendLines(source),
    ...onlyStageLines(run.experiment),
    `- 权重取自第几步 / Weights from step: ${run.keptStep ?? run.step}`,
    `- 权重的 SHA-256 / SHA-256 of the weights: \`${blend?.weightsSha256 ?? run.weightsSha256 ?? ''}\``,
    ...stageTable(run.experiment),
  ];
}

function testVectorLines({ testVector: { text, values } }: ExportSource): string[] {
  const shown = text.replaceAll('`', "'").replaceAll('\n', ' ');
  return [
    '按以上设置编码下面这段文字（已含前缀），所得向量的开头应如下。',
    '',
    'With the settings above, the vector of this text (prefix included) starts as follows.',
    '',
    `\`${shown}\` → [${values.map((value) => value.toFixed(6)).join(', ')}, …]`,
  ];
}

/** Returns the name on one line. A folder may have any name, and a line break in it would end the title. */
const oneLine = (name: string): string => name.replace(/\s+/g, ' ').trim();

/** Returns the export's README.md in Chinese and English: how to use the model, its training and its results. */
export function modelCard(source: ExportSource): string {
  return [
    '---',
    'library_name: sentence-transformers',
    'tags: [sentence-similarity, feature-extraction]',
    ...(source.model.hub && hubLocation(source.model.hub) !== null ? [`base_model: ${source.model.hub.id}`] : []),
    '---',
    `# ${oneLine(source.model.name)}`,
    '',
    '本模型用 Recallsmith（召回工坊）在浏览器中微调。',
    '',
    'Fine-tuned in the browser with Recallsmith.',
    '',
    '## 使用设置 / Settings',
    '',
    ...settingsLines(source),
    '',
    '## 训练 / Training',
    '',
    ...trainingLines(source),
    '',
    '## 结果 / Results',
    '',
    results(source),
    '',
    ...thresholdLines(source),
    '## 数据的 SHA-256 / SHA-256 of the data',
    '',
    ...source.run.experiment.data.map(dataLine),
    '',
    '## 自检 / Self-check',
    '',
    ...testVectorLines(source),
    '',
    '## 调用示例 / Code examples',
    '',
    snippets(source),
    '',
  ].join('\n');
}
