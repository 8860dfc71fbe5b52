import type { Dictionary } from '../dictionary';

export const runsTexts: Dictionary['runs'] = {
  settings: '设置',
  score: '验证集成绩',
  scoreHelp: '保留的那一步在验证集上的成绩，按挑权重的指标算。挑设置时只看它，不看测试集。',
  scored: (metric, value) => `${metric} ${value}`,
  compare: (date) => `比较 ${date} 的训练`,
  compareHelp: '勾选两次训练，只看它们不同的设置。',
  differences: '两次训练的不同之处',
  same: '设置完全相同。',
  setting: '设置',
  removeNear: '去掉近似的问答对',
  cutOffs: '报告里的 k',
  joinTitles: '标题放在正文前',
  frozen: '冻结',
  dropped: '手动去掉的负例',
  yes: '是',
  no: '否',
};
