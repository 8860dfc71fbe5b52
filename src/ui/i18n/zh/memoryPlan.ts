import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

/** The memory that a run needs, and what would make it fit. */
export const memoryPlanTexts: Dictionary['train']['memoryPlan'] = {
  title: '内存',
  details: '明细与预算',
  asking: '正在统计 token，用来估算内存……',
  later: '等设备空闲了再估算内存。',
  sentence: {
    plain: (need, budget) => `需要 ${need}，预算 ${budget}，放得下。`,
    recompute: (need, budget) => `需要 ${need}，预算 ${budget}：每层算两遍才放得下，每步约慢三分之一。`,
    gradCache: (need, budget, tokens) =>
      `需要 ${need}，预算 ${budget}：每批分成 ${formatCount(tokens)} 个 token 的小块算两遍才放得下（GradCache）。梯度相同，每步约慢三分之一。`,
  },
  parts: { weights: '权重', gradients: '梯度', moments: '优化器', activations: '中间结果', snapshot: '检查点副本' },
  partHelp: {
    weights: '模型的数值，float32。',
    gradients: '每个参与训练的权重一个数。',
    moments: 'AdamW 为每个参与训练的权重存两个平均值；如果另求权重的滑动平均（EMA），再加一个。',
    activations: '各层算出的数值，留给反向传播用。同时处理的 token 越多，占得越多。',
    snapshot: '权重和优化器的副本。训练不停，同时把它写成检查点；预算放不下时，写入期间训练会等待。',
  },
  batch: (tokens, longest) => `最大的一批有 ${formatCount(tokens)} 个 token，最长的文本有 ${formatCount(longest)} 个。`,
  budget: '内存预算',
  budgetHelp:
    '训练在这台电脑上最多用多少内存。浏览器不知道显存有多大，默认取电脑内存的一半，在 1.1 到 8.6 GB 之间；用 CPU 时不超过 3.2 GB。显存更大时可以调高。',
  useDefault: (bytes) => `恢复为 ${bytes}`,
  table: '换成其他设置',
  tableHelp: '放得下的最快做法要用的内存：无记号为整批处理，† 每层算两遍，‡ 分块。✕ 放不下，数字是至少需要的内存。',
  stepStrategy: '每步的做法',
  stepStrategyHelp: '每步怎样处理一批数据。训练前按内存预算选定，接着训练时不变。',
  stepStrategies: { plain: '一次处理整批', recompute: '每层算两遍', gradCache: '分块', none: '放不下' },
  useBudget: (bytes) => `预算改为 ${bytes}`,
};
