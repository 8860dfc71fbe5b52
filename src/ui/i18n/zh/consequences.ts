import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const consequenceTexts: Dictionary['train']['consequences'] = {
  duration: (pairs, steps, atMost) =>
    `${formatCount(pairs)} 个问答对，${atMost ? '最多' : '一共'}训练 ${formatCount(steps)} 步。`,
  scoredDuration: (pairs, steps, atMost) =>
    `${formatCount(pairs)} 个打分句对，${atMost ? '最多' : '一共'}训练 ${formatCount(steps)} 步。`,
  leftOut: (low, high) =>
    `每轮有 ${low === high ? '' : `${formatCount(low)} 到 `}${formatCount(high)} 个问答对放不进任何一批，因为太多问答对的段落或问题相同；这一轮就不用它们。`,
  data: {
    pairs: '让每个问题和自己的段落得分最高。',
    scoredPairs: '让两个句子的余弦跟着它们的分数走。',
  },
  scoredBatch: {
    compared: '同一批里的句对两两比较分数。通常越大越好。',
    mean: '损失是一批句对的平均值。',
  },
  cosentTemperature: '越小，越看重次序错得最多的句对。',
  batchSize: (n) => `每题对照 ${formatCount(n)} 个负例。通常越大越准。`,
  learningRate: '小模型常用 2e-4，base 模型常用 2e-5。',
  temperature: '越小，越看重最像的负例。',
  distillationTemperature: '越小，越看重得分最高的几段。',
  primary: '训练前定下，之后不再改。',
};
