import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const negativesTexts: Dictionary['negatives'] = {
  sources: { inBatch: '只用批内的', random: '随机段落', mined: '用基座模型挖掘', imported: '文件里带的' },
  note: {
    random: '从知识库里随机抽取，由随机种子决定。',
    mined: '训练前先挖掘：用基座模型为每个问题检索知识库。剩下的段落不够时，随机补足。',
    imported: '按文件里的顺序取；不够的，从别的问题的负例里随机补。',
  },
  counts: {
    leftOut: '下面这些没有用作负例，因为可能回答问题，或不合设置：',
    noneLeftOut: '候选都可以用作负例。',
    reasons: {
      samePassage: (n) => `问题自己的段落：${formatCount(n)} 个`,
      knownPositive: (n) => `已知的其他答案：${formatCount(n)} 个`,
      nearDuplicate: (n) => `和答案几乎相同：${formatCount(n)} 个`,
      scoreWindow: (n) => `得分超出范围：${formatCount(n)} 个`,
      margin: (n) => `得分离正例太近：${formatCount(n)} 个`,
    },
    refilled: (n, pairs) => `有 ${formatCount(pairs)} 个问答对的负例不够，随机补了 ${formatCount(n)} 个。`,
  },
  mined: {
    mine: '挖掘负例',
    mining: (done, of) => `正在挖掘：${done} / ${of} 个文本和问题`,
    firstRank: '起始名次',
    lastRank: '末尾名次',
    rankHelp:
      '检索排在这些名次的段落是候选。默认取一万个段落里的第 300 到 500 名，知识库较小时按比例缩小。名次越靠前越难，但也越可能混进正确答案。',
    pick: '取哪些',
    pickHelp: '候选多于所需时取哪些。',
    picks: { top: '名次最靠前的', random: '随机的', lowest: '名次最靠后的' },
    relativeMargin: '相对间隔',
    relativeMarginHelp: '负例的得分不超过正例得分乘以“1 − 间隔”，这样可能正确的段落就不会用作负例。',
    absoluteMargin: '绝对间隔',
    absoluteMarginHelp: '负例的得分还要比正例至少低这么多；0 表示不用。',
    minScore: '最低得分',
    maxScore: '最高得分',
    scoreHelp: '余弦在这个范围内的段落才是候选；−1 到 1 表示不限。',
  },
};
