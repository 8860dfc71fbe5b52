import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const batchViewTexts: Dictionary['train']['batchView'] = {
  open: '看一批数据',
  title: (step) => `第 ${step} 步看到的内容`,
  scoredHelp: '各行的分数两两比较：分数高的一行，余弦也应该更高。',
  sentence1: '句子 1',
  sentence2: '句子 2',
  score: (score) => `分数 ${score}`,
  teacherScore: (score) => `教师 ${score}`,
  help: {
    batch:
      '每个问题后面是它自己的段落。其他各行的段落都是它的负例，已知也是答案而略去的除外；各行单独给出的负例，只要不能回答它，也是它的负例。',
    explicit: '每个问题后面是它自己的段落。各行单独给出的负例，只要不能回答它，都是它的负例；其他各行的段落不是。',
    own: '每个问题后面是它自己的段落。只有它自己那些单独给出的负例是它的负例；其他各行的文本不是。',
  },
  exportHelp: {
    batch:
      '文件里每行是一个问题，带上它的段落、它自己那些单独给出的负例，以及与它比较的其他各行的段落和单独给出的负例。',
    explicit: '文件里每行是一个问题，带上它的段落、它自己那些单独给出的负例，以及与它比较的其他各行单独给出的负例。',
    own: '文件里每行是一个问题，带上它的段落和它自己那些单独给出的负例。',
  },
  byScore: '损失还会按得分略去一些负例，要训练时才知道是哪些，所以这里没有去掉。',
  exportByScore: '按得分略去的负例，文件里也没有去掉。',
  tooMany: (most) => `这一步的负例超过 ${most} 个，太多了，不能存成文件。`,
  drawnHelp:
    '每个问题后面是它自己的段落。每题从其他行里随机抽出几行，它们的段落就是这一题的负例；那几行单独给出的负例，只要不能回答这一题，也一起算。',
  explicitNegatives: '单独给出的负例',
  batches: (n) => `这一步累积 ${formatCount(n)} 批的梯度；每个问题的负例只来自自己那一批。`,
  scoredBatches: (n) => `这一步累积 ${formatCount(n)} 批的梯度；分数只在同一批里比较。`,
  step: '步',
  anchor: '锚点（问题）',
  positive: '正例',
  negatives: (n) => `其他各行的 ${formatCount(n)} 个负例`,
};
