import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const storageTexts: Dictionary['storage'] = {
  title: '存储',
  space: (used, quota) => `已用 ${used}，共可用 ${quota}`,
  intro:
    '这个浏览器里存了什么、各占多少空间、哪些实验在用。没有实验用到的可以删除。比较模型时的向量会存下来，下次更快；删了也能重新计算。',
  measuring: '正在统计……',
  kinds: {
    experiment: '实验和训练记录',
    model: '模型',
    dataset: '数据集',
    tokenSet: '分词结果',
    minedNegatives: '挖掘出的负例',
    vectorSet: '比较模型用的向量',
    batchList: '批次顺序',
    download: '没下载完的模型',
  },
  roles: { knowledgeBase: '知识库', pairs: '问答对', questions: '问题', scoredPairs: '打分句对' },
  tokenSets: (n) => `${formatCount(n)} 份分词结果`,
  minedNegatives: (n) => `${formatCount(n)} 个训练阶段的负例`,
  batchList: '批次顺序',
  usedBy: '用到它的实验',
  deletedUser: (name) => `${name}（已删除）`,
  unused: '没有实验用到',
  deletedAt: (date) => `${date} 删除，空间不够时才会彻底清除。`,
  restore: '恢复',
  restored: (name) => `已恢复“${name}”。`,
  deleteForGood: '彻底删除',
  confirmTitle: '要彻底删除吗？',
  confirm: (name, size) => `将删除“${name}”（${size}），删除后不能恢复。`,
  deleted: (size) => `已腾出 ${size}。`,
  inUse: '刚刚有实验用到了它，所以没有删除。',
  empty: '还没有实验、数据或模型。目前只有程序本身占用空间（供离线使用）。',
  open: '打开“存储”页',
};

export const projectTexts: Dictionary['project'] = {
  saveTitle: '保存项目文件',
  saveHelp: '文件包含选中的实验，以及它们的训练记录、数据和模型。',
  all: '全部实验',
  runs: (n) => (n === 0 ? '没有训练记录' : `${formatCount(n)} 次训练`),
  withState: '带上接着训练所需的内容',
  stateHelp: '优化器状态有权重的两倍大。训练完的记录用不到它；结果、曲线和保留的权重总会保存。',
  leftOut: (n) => `${formatCount(n)} 次没训练完的记录不会保存。`,
  size: (size) => `约 ${size}`,
  save: '保存',
  nothing: '请至少选择一个实验。',
  conflictTitle: '本机已有，但内容不同',
  conflictHelp:
    '文件保存之后，这些实验在本机或别处改动过。本机的内容不会被覆盖：不同的部分可以添加为副本，也可以不添加。',
  edited: '设置不同',
  runsDiffer: (n) => `${formatCount(n)} 次训练的经过不同`,
  leaveOut: '不添加',
  addCopies: (n) => `添加 ${formatCount(n)} 个副本`,
  partialTitle: '内容不完整',
  understood: '知道了',
};
