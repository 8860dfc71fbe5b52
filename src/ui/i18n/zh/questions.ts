import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const questionsTexts: Dictionary['questions'] = {
  topic: '主题',
  document: '文档',
  length: '长度',
  all: '全部',
  without: '没有写明',
  option: (name, n) => `${name}（${formatCount(n)}）`,
  band: (from, to) =>
    to === Infinity ? `${formatCount(from)} 字以上` : `${formatCount(from)} 到 ${formatCount(to)} 字`,
  clear: '显示全部问题',
  save: {
    csv: '存为 CSV',
    excel: '存为 Excel',
    models: { before: '训练前', after: '训练后' },
    shown: (shown, all, part, k) =>
      `${part === 'dev' ? '验证' : '测试'}题${shown === all ? `全部 ${formatCount(all)} 题` : `共 ${formatCount(all)} 题，这里有 ${formatCount(shown)} 题`}，看前 ${formatCount(k)} 条`,
    labels: '名次按导入的标注记录。',
    table: {
      sheets: { questions: '问题', about: '选了哪些题' },
      columns: { id: '编号', question: '问题', topic: '主题', document: '文档', change: '变化', right: '正确段落' },
      ofModel: { rank: '正确段落的名次', first: '第一条', score: '第一条的分数' },
      cut: '……（已截断）',
    },
  },
  figures: {
    title: '所显示问题的指标',
    correctedTitle: '按你改过的标注计算的指标',
    model: '模型',
    all: (n) => `全部 ${formatCount(n)} 题`,
    some: (n) => `这 ${formatCount(n)} 题`,
    withDecisions: '改过的标注',
    hits: (hits, of) => `${formatCount(of)} 题里 ${formatCount(hits)} 题`,
    means: (mrr, ndcg) => `MRR@10 ${mrr}，nDCG@10 ${ndcg}`,
    caption: (k) => `${k === 1 ? '第一条就是正确段落的题' : `前 ${k} 条里有正确段落的题`}，附 95% Wilson 区间。`,
    few: (n, needed) => `只有 ${formatCount(n)} 题，还不能下结论${needed === '' ? '' : `；大约要 ${needed} 题`}。`,
    hint: '这些题是看过结果之后挑的，只能当作线索。',
    byOutcome: '这些题是按升降挑出来的，再检验也只会得出同样的升降，所以不做检验，也不给区间。',
    untested: (stored) => `k 大于 ${stored} 时不做检验：有些名次不知道。`,
    decisions: (changes, questions) =>
      `你改了 ${formatCount(questions)} 题的 ${formatCount(changes)} 处标注。旁边是训练或比较当时记录的指标，保持不变。`,
    unanswered: (n) => `有 ${formatCount(n)} 题不再有正确段落，不计入。`,
    inexact: (n) =>
      `有 ${formatCount(n)} 题的正确段落排在前 10 条之后，名次没有存下来：k 大于 10 时，检出率至少是这么多。`,
    stale: (n) => `有 ${formatCount(n)} 处改动不起作用：问题或段落已不在数据里。`,
  },
  marks: {
    wrong: '不是答案',
    wrongLabel: (rank) => `第 ${rank} 段不是答案，数据标错了`,
    right: '也是答案',
    rightLabel: (rank) => `第 ${rank} 段也能回答这个问题`,
    undo: '撤销',
    undoLabel: (rank) => `撤销对第 ${rank} 段的改动`,
    wasRight: '已标为不是答案',
    isRight: '已标为答案',
    notStored: '这处改动没有存下来：另一个标签页改过这个实验。',
    save: '另存为文件',
    saveHelp: '供命令行使用：写在实验文件的 locations.labelDecisions 里。',
    log: '标注改动',
    logHelp: '它们只影响这里和报告里的指标，不改导入的数据，也不改训练时记录的结果。',
    entry: { wrong: '不是答案', right: '也是答案', imported: '已撤销' },
  },
  why: {
    above: (n, gap) => `有 ${formatCount(n)} 段排在正确段落之上${gap === '' ? '' : `，第一名比正确段落高 ${gap} 分`}。`,
    near: '和正确段落几乎相同',
    nearHelp: '至少五分之四的相邻字对和正确段落相同。如果它也能回答问题，请把它标出来。',
    truncated: (tokens, max) => `正确段落有 ${formatCount(tokens)} 个 token，模型只读前 ${formatCount(max)} 个。`,
    shared: '标出的是问题和段落共有的字词，按关键词检索的方式比较。',
  },
};
