import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const strategyTexts: Dictionary['strategy'] = {
  title: '训练哪些参数',
  presets: {
    label: '训练方式预设',
    names: { full: '全参数', bitFit: 'BitFit', lora: '小数据用 LoRA', fullThenBitFit: '先全参数预热，再 BitFit' },
    notes: {
      full: '训练全部权重。数据和内存足够时效果最好。',
      bitFit: '只训练偏置，学习率设为五倍。数据少时不易过拟合，内存也省得多。',
      lora: '在权重旁边训练小矩阵，学习率设为十倍。对模型改动较小，数据少时不易过拟合，内存也省得多。',
      fullThenBitFit: '分两个阶段：先让全部权重适应任务，再只训练偏置，不易过拟合。',
    },
  },
  stages: '阶段',
  stage: (n) => `阶段 ${n}`,
  allStages: '各阶段共用',
  kinds: { full: '全参数', bitFit: 'BitFit', lora: 'LoRA' },
  byKeywords: (kind, keywords) => `${kind}（${keywords}）`,
  frozen: (embeddings, layers) =>
    `冻结${[...(embeddings ? ['嵌入'] : []), ...(layers > 0 ? [`最低 ${formatCount(layers)} 层`] : [])].join('和')}`,
  atStage: (n, of) => `阶段 ${n}，共 ${of} 个`,
  add: '添加阶段',
  duplicate: '复制',
  remove: '删除',
  earlier: '前移',
  later: '后移',
  actions: (n) => `调整阶段 ${n} 的顺序，或复制、删除它`,
  strategy: '训练方式',
  strategyHelp:
    '全参数：训练全部权重。BitFit：只训练名称包含某个关键词的参数，其余参数一位也不变。LoRA：在选中的每个矩阵旁边训练两个小矩阵，阶段结束时把它们的乘积加进去。',
  options: { full: '全参数', bitFit: 'BitFit（按关键词）', lora: 'LoRA（适配器）' },
  keywords: '关键词',
  keywordsHelp: '用逗号分隔。参数名包含其中任何一个就会训练，例如 bias 或 layer.11。',
  keywordsInvalid: (word) => `没有参数名包含“${word}”。`,
  keywordsNone: '请至少填一个关键词。',
  keywordsMany: (n) => `最多填 ${n} 个关键词。`,
  frozenEmbeddings: '冻结嵌入',
  frozenEmbeddingsHelp: '词、位置、类型嵌入和它们的 LayerNorm 保持不变。',
  frozenLayers: '冻结层数',
  frozenLayersHelp: '最底下的若干层保持不变。同时冻结嵌入，每步会更快。',
  trained: (trained, all, share, parameters) =>
    `训练 ${formatCount(all)} 个权重中的 ${formatCount(trained)} 个（${share}），共 ${formatCount(parameters)} 个参数。`,
  lora: {
    rank: '秩',
    rankHelp: '适配器的宽度。秩越高，能学的越多，也越占内存。',
    alpha: 'alpha',
    alphaHelp: '适配器的输出会乘以 alpha ÷ 秩。',
    dropout: '适配器的 dropout',
    dropoutHelp: '每一步随机把适配器的这一部分输入置零，防止过拟合。',
    matrices: '加适配器的矩阵',
    matricesHelp: '没有冻结的每一层都加。output.dense 属于前馈网络，attention.output.dense 属于注意力。',
    trained: (trained, all, share, matrices) =>
      `在 ${formatCount(matrices)} 个矩阵旁的适配器里训练 ${formatCount(trained)} 个权重（相当于模型 ${formatCount(all)} 个权重的 ${share}）。`,
    list: '加适配器的矩阵名',
  },
  none: '没有选中这个模型的任何参数。',
  list: '参与训练的参数名',
};
