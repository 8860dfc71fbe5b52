import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const blendTexts: Dictionary['blend'] = {
  title: '与基座模型混合',
  none: '还没试过',
  best: (name) => `验证集上最好：${name}`,
  help: '在基座和微调后的权重之间取值：0 是基座模型，1 是微调后的模型。混合也许能多保留一些基座原有的能力。每个比例都在验证集和整个知识库上评测，不需要再训练。',
  ratios: '试几个比例',
  offered: (n) => `${formatCount(n)} 个比例`,
  evaluate: (n) => `在验证集上评测 ${formatCount(n)} 个比例`,
  allKnown: '都评测过了',
  working: '正在评测混合后的权重',
  curve: (metric) => `从基座到微调，验证集上的${/^[\w]/.test(metric) ? ' ' : ''}${metric}`,
  curveCaption: '实心点在验证集上最好。差别不大时，可能只是偶然。',
  ratio: '微调权重所占比例',
  base: '基座（0）',
  tuned: '微调后（1）',
  bestOnDev: '验证集上最好',
  onDev: (metric) => `${metric}，验证集`,
  onTest: (metric) => `${metric}，测试集`,
  testHelp: '每评测一次，就多读一次测试集，并计入下面的次数。请先在验证集上选好比例。',
  readTest: '评测',
  readTestOf: (ratio) => `在测试集上评测 ${ratio}`,
  exportHint: '在“报告”阶段可以导出混合后的模型。',
  exported: '权重',
  exportedHelp: '微调后的权重，或它和基座的混合。比例在“评测”阶段评测。',
  exportedRatio: (ratio) => `混合：微调权重占 ${ratio}`,
};
