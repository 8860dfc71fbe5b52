import type { Experiment, Stage } from '../../../src/domain/experiment';
import { temperatureOf, type LossKind } from '../../../src/domain/train/lossSchema';
import { prefixTokens } from '../../../src/domain/train/prefix';
import type { Strategy } from '../../../src/domain/train/strategySchema';

const strategyNames: Record<Strategy['kind'], string> = {
  full: '全参数 / full',
  bitFit: 'BitFit',
  lora: 'LoRA',
  prefix: '前缀 token / prefix tokens',
};
const lossNames: Record<LossKind, string> = {
  inBatchInfoNce: '批内 InfoNCE / in-batch InfoNCE',
  sigmoidPairs: 'sigmoid 成对损失 / sigmoid pairs',
  triplet: '三元组损失 / triplet margin',
  cosent: 'CoSENT（打分句对） / CoSENT (scored pairs)',
  angle: 'AnglE（打分句对） / AnglE (scored pairs)',
  cosineMse: '余弦均方误差（打分句对） / cosine MSE (scored pairs)',
  distillation: 'KL 蒸馏 / KL distillation',
};

function lossCell({ loss }: Pick<Stage, 'loss'>): string {
  const name = lossNames[loss.kind];
  if (loss.kind === 'distillation') {
    const { scores, teacher, temperature, teacherTemperature = temperature } = loss;
    const by = scores
      ? '数据里的打分 / scores of the data'
      : `教师模型 / teacher ${teacher?.contentSha256.slice(0, 12) ?? '–'}`;
    return `${name}: ${by}, τ ${teacherTemperature}`;
  }
  if (loss.kind !== 'triplet') return name;
  const distance = loss.distance === 'cosine' ? '1 − cos' : '欧氏距离 / Euclidean';
  return `${name}: ${distance}, ${loss.margin}`;
}

function strategyCell({ strategy }: Stage): string {
  const name = strategyNames[strategy.kind];
  if (strategy.kind === 'full') return name;
  if (strategy.kind === 'lora')
    return `${name}: r = ${strategy.rank}, α = ${strategy.alpha}, ${strategy.matrices.join(', ')}`;
  if (strategy.kind === 'prefix') return `${name}: ${prefixTokens(strategy).length}`;
  return `${name}: ${strategy.keywords.map((keyword) => `\`${keyword}\``).join(', ')}`;
}

function frozenCell({ frozen }: Stage): string {
  if (!frozen) return '无 / none';
  const { embeddings, layers } = frozen;
  const zh = [...(embeddings ? ['嵌入'] : []), ...(layers > 0 ? [`最低 ${layers} 层`] : [])];
  const en = [
    ...(embeddings ? ['embeddings'] : []),
    ...(layers > 0 ? [layers === 1 ? 'lowest layer' : `lowest ${layers} layers`] : []),
  ];
  return `${zh.join('、')} / ${en.join(', ')}`;
}

function durationCell({ duration: { unit, value } }: Stage): string {
  const word = value === 1 ? unit.slice(0, -1) : unit;
  return `${value} ${unit === 'epochs' ? '轮' : '步'} / ${value} ${word}`;
}

/** Returns the batch size, times the number of batches that each step accumulates if there are several. */
function batchCell({ batching }: Stage): string {
  if (batching.kind !== 'seeded') return '由文件列出 / listed in a file';
  const { batchSize, accumulation } = batching;
  return accumulation === undefined ? String(batchSize) : `${batchSize} × ${accumulation}`;
}

function rateCell({ optimizer: { learningRate, layerDecay } }: Stage): string {
  return layerDecay === undefined
    ? String(learningRate)
    : `${learningRate}（逐层衰减 / layer-wise decay: ${layerDecay}）`;
}

const averageName = '权重的滑动平均 / Moving average of the weights (EMA)';

const columns: (readonly [name: string, cell: (stage: Stage, index: number) => string])[] = [
  ['阶段 / Stage', (_, index) => String(index + 1)],
  ['训练的参数 / Trained', strategyCell],
  ['冻结 / Frozen', frozenCell],
  ['损失 / Loss', lossCell],
  ['温度 τ / Temperature τ', ({ loss }) => String(temperatureOf(loss) ?? '–')],
  ['批大小 / Batch size', batchCell],
  ['时长 / Duration', durationCell],
  ['学习率 / Learning rate', rateCell],
];

function averageCell({ ema }: Stage): string {
  return ema ? `衰减系数 / decay: ${ema.decay}` : '无 / none';
}

/** Returns the lines of the training list that describe the only stage. If there are several, they are in a table. */
export function onlyStageLines({ stages }: Experiment): string[] {
  const [stage, second] = stages;
  if (!stage || second) return [];
  const batches = stage.batching.kind === 'seeded' ? stage.batching.accumulation : undefined;
  const temperature = temperatureOf(stage.loss);
  const decay = stage.optimizer.layerDecay;
  return [
    ...(stage.loss.kind === 'inBatchInfoNce' ? [] : [`- 损失 / Loss: ${lossCell(stage)}`]),
    ...(temperature === null ? [] : [`- 温度 τ / Temperature τ: ${temperature}`]),
    `- 学习率 / Learning rate: ${stage.optimizer.learningRate}`,
    ...(batches === undefined ? [] : [`- 每步累积几批 / Batches accumulated per step: ${batches}`]),
    ...(decay === undefined ? [] : [`- 学习率逐层衰减 / Layer-wise learning-rate decay: ${decay}`]),
    ...(stage.ema ? [`- ${averageName}: ${averageCell(stage)}`] : []),
  ];
}

/** Returns a table of all stages in the order of training, or no lines if there is only one. */
export function stageTable({ stages }: Experiment): string[] {
  if (stages.length === 1) return [];
  const shown = stages.some(({ ema }) => ema) ? [...columns, [averageName, averageCell] as const] : columns;
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    '',
    `训练依次分 ${stages.length} 个阶段，后一个阶段从前一个阶段的权重开始。`,
    '',
    `Trained in ${stages.length} stages, each from the weights of the one before.`,
    '',
    row(shown.map(([name]) => name)),
    `|${'---|'.repeat(shown.length)}`,
    ...stages.map((stage, index) => row(shown.map(([, cell]) => cell(stage, index)))),
  ];
}
