import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const negativesTexts: Dictionary['negatives'] = {
  title: '让问题远离哪些段落',
  settings: '负例的来源',
  toMine: '负例还没有挖掘。挖掘之后，可以看得分、判断样例，也可以导出。',
  sources: { inBatch: '只用批内的', random: '随机段落', mined: '用基座模型挖掘', imported: '文件里带的' },
  note: {
    inBatch: '每个问题和同一批里其他问题的段落比较，不需要准备。',
    random: '从知识库里随机抽取，由随机种子决定。',
    mined: '训练前先挖掘：用基座模型为每个问题检索知识库。剩下的段落不够时，随机补足。',
    imported: '按文件里的顺序取；不够的，从别的问题的负例里随机补。',
  },
  counts: {
    title: '没有采用的',
    leftOut: '下面这些没有用作负例，因为可能回答问题，或不合设置：',
    noneLeftOut: '候选都可以用作负例。',
    reasons: {
      samePassage: (n) => `问题自己的段落：${formatCount(n)} 个`,
      knownPositive: (n) => `已知的其他答案：${formatCount(n)} 个`,
      judged: (n) => `你去掉的：${formatCount(n)} 个`,
      nearDuplicate: (n) => `和答案几乎相同：${formatCount(n)} 个`,
      scoreWindow: (n) => `得分超出范围：${formatCount(n)} 个`,
      margin: (n) => `得分离正例太近：${formatCount(n)} 个`,
    },
    refilled: (n, pairs) => `有 ${formatCount(pairs)} 个问答对的负例不够，随机补了 ${formatCount(n)} 个。`,
  },
  scores: {
    title: '基座模型给的得分',
    positives: '问题和自己的段落',
    mined: '问题和挖到的负例',
    random: '问题和随机段落',
    suspects: (share, found, of) =>
      `名次范围内估计有 ${share} 可能是正确答案：${formatCount(of)} 个里有 ${formatCount(found)} 个的得分高于正例减去间隔，没有用作负例。`,
    suspectsHow: '按排除之前的数量计算。基座模型两头都可能判错，请在下面看看样例。',
    noCandidates: '没有段落同时在名次和得分的范围内。',
    onlyMined: '只有挖掘的负例才知道得分。',
  },
  judge: {
    title: '判断样例',
    how: '这个负例真的答不了这个问题吗？答不了就保留；能回答就去掉，它不再是这个问题的负例，换成一个随机段落。',
    none: '没有负例可以判断。',
    progress: (judged, of, dropped) =>
      `${formatCount(of)} 个里判断了 ${formatCount(judged)} 个，去掉了 ${formatCount(dropped)} 个。`,
    share: (share, low, high) => `假负例约占 ${share}（95% 区间：${low} 到 ${high}）。`,
    sample: (at, of) => `样例 ${at} / ${of}`,
    decided: { keep: '已保留', drop: '已去掉' },
    negative: '负例',
    keep: '保留',
    drop: '去掉',
    full: (most) => `最多只能手动去掉 ${formatCount(most)} 个负例。`,
  },
  list: {
    title: (pairs) => `${formatCount(pairs)} 个问答对和它们的负例`,
    export: (format) => `导出 ${format}`,
    rank: (rank) => `第 ${rank} 名`,
    random: '随机',
    score: (score) => `得分 ${score}`,
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
