import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const reportTexts: Dictionary['report'] = {
  title: '报告',
  none: '还没有可以报告的内容。请先完成一次训练。',
  summary: '摘要',
  hash: '实验哈希',
  model: '基座模型',
  data: '数据',
  device: '设备',
  kept: '保留第几步的权重',
  weights: '权重的 SHA-256',
  build: '程序版本',
  exportTitle: '模型',
  exportHelp: '一个 Hugging Face 格式的 zip：safetensors、onnx/model.onnx、池化和归一化模块、模型卡、experiment.json。',
  exportZip: '导出模型',
  exporting: '正在写出并核对……',
  exportVectors: '正在计算参考向量……',
  exportDone: (cosine, texts) =>
    `完成。重新打开的文件和本页的向量一致：${formatCount(texts)} 条文本里最小的余弦是 ${cosine}。`,
  poolerNotKept:
    '基座模型是用早先的版本导入的，当时没有保存 pooler，所以导出的模型里也没有。文本向量不受影响，但 transformers 载入时会提示有新初始化的权重。要补上，请在“导入”阶段重新导入基座模型，再导出一次。',
  adapter: {
    included:
      'zip 里还有 adapter/：PEFT 格式的 LoRA 适配器，可以用 peft 加载到基座模型上。其余文件里的权重已经合并了它。',
    blended: 'LoRA 适配器先合并进微调后的权重，再做混合，没有单独导出。',
    'several-stages': 'LoRA 适配器已合并进权重。因为还有别的阶段改变了权重，它和基座模型对不上，所以没有单独导出。',
  },
  exportFiles: 'zip 里的文件',
  linkTitle: '用链接分享实验',
  linkHelp: '链接只带设置和数据的哈希，不带数据。打开的人需要有同样的文件。',
  includeMetrics: '附上我的指标（注明未经核实）',
  copyLink: '复制链接',
  linkCopied: '链接已复制到剪贴板。',
  linkLength: (n) => `${formatCount(n)} 个字符`,
  file: '用文件保存实验',
  fileHelp: 'experiment.json 里是同样的设置，供命令行和版本管理使用。',
  downloadFile: '下载 experiment.json',
  project: '全部存成一个文件',
  projectHelp: '包括你选的实验，以及它们的数据、训练记录和模型，可以在别处的召回工坊打开。',
};

export const linkTexts: Dictionary['link'] = {
  title: '分享的实验',
  intro: '有人把这些设置分享给你。目前没有下载、保存或运行任何内容。',
  claim: '以下结果是分享者的说法，本机没有核实：',
  settings: '设置',
  needs: '在这台电脑上需要的内容',
  here: '已有',
  demo: '本页自带',
  missing: '缺少',
  missingHelp: '保存实验后，再导入同样的文件，会按内容识别。',
  demoHelp: '保存实验后，在“导入”阶段一键补上演示文件。',
  import: '存为新实验',
  discard: '放弃',
  name: '分享的实验',
  nothingRuns: '只保存设置，训练由你自己开始。',
};
