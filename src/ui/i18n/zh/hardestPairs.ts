import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

/** The training pairs that the loss finds hardest. */
export const hardestPairTexts: Dictionary['train']['hardestPairs'] = {
  title: (n) => `训练中最难的 ${formatCount(n)} 对`,
  help: '按同一批里得分最高的错误文本排：比自己的段落高得越多越靠前。如果它其实也能回答，就是假负例。',
  helpScored: '余弦和分数最不相符的句对。如果看上去余弦才对，可能是分数标错了。',
  helpTeacher: '段落和负例之间的得分比例离教师打分最远的问题，以及得分最高的那个负例。',
  seen: (step, rows) => `取自最近几次抽看：每隔一些步看一批里的 ${formatCount(rows)} 行，最近一次在第 ${step} 步。`,
  positive: '自己的段落',
  otherPassage: '别的问题的段落',
  negative: '单独给出的负例',
  score: (score, cosine) => `分数 ${score}，余弦 ${cosine}`,
};
