import type { Dictionary } from '../dictionary';
import { formatCount, formatSmallScore } from '../format';

/** Writes by how much right passages score above wrong ones, or below. */
const above = (gap: number): string => `${gap < 0 ? '低' : '高'} ${formatSmallScore(Math.abs(gap))}`;

/** Dev evaluations during training: their scores, their sample and their plan. */
export const devScoreTexts: Dictionary['train']['devScores'] = {
  title: (right, wrong) => `验证集上，正确段落得分的中位数是 ${right}，每题得分最高的错误段落是 ${wrong}`,
  help: '几次验证时各种得分出现的频率，以及中位数。正确段落比得分最高的错误段落高得越多越好。',
  spread: (now, start) =>
    `验证集上，正确段落的得分比随机错误段落${above(now)}${
      start === null ? '' : `，${start.step === 0 ? '训练前' : `第 ${formatCount(start.step)} 步时`}${above(start.gap)}`
    }`,
  spreadHelp: '横轴是得分（余弦），虚线是中位数。重叠的地方，单看得分还分不出对错。',
  beforeTraining: '训练前',
  atStep: (step) => `第 ${step} 步`,
  apart: (gap) => `正确段落的中位数${above(gap)}`,
  distribution: '得分',
  kinds: { right: '正确', bestWrong: '错误中最高', randomWrong: '随机错误' },
  hardest: (n) => `验证集里最难的 ${formatCount(n)} 题`,
  hardestHelp:
    '最近一次验证时，这些题的正确段落比得分最高的错误段落高得最少，或低得最多。如果那条错误段落其实也能回答，说明数据漏标了答案。',
  margin: (margin) => `差 ${margin}`,
  sample: (passages, of) =>
    `训练中只在抽样的 ${formatCount(passages)} 段上评测（知识库共 ${formatCount(of)} 段，正确答案都在抽样里），所以数字比在整个知识库上评测时高。`,
  plan: (everySteps, share, sample) =>
    `${everySteps === 0 ? '最后一步' : everySteps === 1 ? '每步' : `每 ${formatCount(everySteps)} 步`}评测一次，${
      sample ? `从 ${formatCount(sample.of)} 段里抽 ${formatCount(sample.passages)} 段` : '用整个知识库'
    }：大约占训练加验证用时的 ${share}。`,
  every: (steps, metric, best) =>
    `每${steps === 1 ? '' : ` ${formatCount(steps)} `}步评测一次验证集，${best ? `按${metric} 保留最好的一步` : '保留最后一步'}。`,
  ends: '只在训练前后评测验证集。',
};
