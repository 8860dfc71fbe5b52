import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const probeTexts: Dictionary['probe'] = {
  title: '通用能力',
  titleOf: (name) => `“${name}”的题答得怎样`,
  none: '还没测过',
  outcome: { forgot: '忘了一些', kept: '没有忘', unclear: '说不准' },
  help: '用你这个领域以外的问题，分别检索基座模型和微调后的模型，看训练有没有让模型忘掉原来会的。',
  set: '问题',
  general: (questions, passages) => `通用常识：${formatCount(questions)} 题，${formatCount(passages)} 个段落`,
  size: (questions, passages) => `${formatCount(questions)} 题，${formatCount(passages)} 个段落`,
  setHelp: '通用常识题随程序附带，点了才载入。也可以换成另一个实验的验证题和知识库，只要这次训练没有用到它们。',
  measure: '测基座和微调后的模型',
  measured: '已测过',
  working: '正在编码问题和段落',
  hits: (k, before, after, of) =>
    `${formatCount(of)} 题里，${k === 1 ? '第一条就是正确段落的' : `前 ${k} 条里有正确段落的`}，训练前 ${formatCount(before)} 题，训练后 ${formatCount(after)} 题。`,
  sentence: {
    forgot: (low, high) => `模型忘了一些：检出率变化 ${low} 到 ${high} 个百分点（95% 区间），不太可能只是偶然。`,
    kept: (low) => `模型没有忘：有 95% 的把握，下降不到 ${low} 个百分点；超过 5 个才算忘。`,
    unclear: (low, high) => `凭这些题说不准有没有忘：检出率变化 ${low} 到 ${high} 个百分点（95% 区间）。`,
  },
  keptNothing: '模型没有忘：有 95% 的把握，这些题的检出率没有下降。',
  generalSet: '通用题',
  ofExperiment: (name) => `“${name}”的题`,
  curve: (metric, set) => `从基座到微调，验证集和${set}上的${/^[\w]/.test(metric) ? ' ' : ''}${metric}`,
  dev: '验证集',
  measureBlends: (n, set) => `在${set}上测 ${formatCount(n)} 个比例`,
  onProbe: (metric, set) => `${metric}，${set}`,
};
