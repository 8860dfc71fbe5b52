import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const homeTexts: Dictionary['home'] = {
  title: '实验',
  count: (n) => `${formatCount(n)} 个`,
  emptyTitle: '微调之后，检索真的更准了吗？',
  emptyText: '在浏览器里微调向量模型，再用它没见过的问题逐题检验。数据和模型都不离开这台电脑。',
  loopAria: '流程：先问一遍，用问答对训练，再问一遍同样的问题，逐题比较。',
  loop: {
    before: '先问一遍',
    beforeNote: '记下正确段落排第几',
    train: '用问答对训练',
    trainNote: '把问题拉近自己的段落，推开别的段落',
    after: '再问一遍',
    afterNote: '同样的问题，训练时没见过',
    compare: '逐题比较',
    compareNote: '变好、变差，还是只是偶然？',
  },
  demoName: '猪场知识库',
  demoTitle: '先用演示看一遍',
  runDemo: '运行演示',
  runDemoHelp: '演示自带养猪知识库和一个小模型，几分钟就能看到结果。',
  ask: {
    title: '先试一个问题',
    about: (passages) => `猪场知识库，${formatCount(passages)} 段 · demo-zh，未微调`,
    field: '你的问题',
    search: '检索',
    others: '换一题：',
    help: '按下“检索”，演示的知识库和模型会存进这个浏览器（约 19 MB）。问题在本机检索，不会发出去。',
    loading: (done, of) => `正在载入模型：${done} / ${of}`,
    loadingUnknown: (done) => `正在载入模型：${done}`,
    encoding: (done, of) => `正在计算知识库的向量：${done} / ${of} 段`,
    searching: '正在检索……',
    cancelling: '正在取消……',
    phases: { load: '正在载入模型', encode: '正在计算知识库的向量' },
    top: (n) => `前 ${formatCount(n)} 条`,
    score: (ms) => `得分（余弦） · 用时 ${ms} 毫秒`,
    right: '正确段落',
    between: (n) => `中间略去 ${formatCount(n)} 条`,
    rightAt: (rank) => `正确段落排在第 ${formatCount(rank)} 位`,
    next: (rank) =>
      rank === 1
        ? '这一题，没微调的模型就答对了。运行演示，看全部测试题在微调前后各排第几。'
        : '没微调的模型把别的段落排在了前面。运行演示，看微调后它排到第几。',
  },
  computer: {
    title: '这台电脑',
    device: '计算设备',
    model: '训练',
    trainable: (fits, needed, budget, question, passage) => {
      const batch = `问题 ${question} 个 token、段落 ${passage} 个 token、批大小 16 时`;
      return fits
        ? `BERT-base 大小的模型（如 bge-base-zh-v1.5）放得下：${batch}需要 ${needed}，预算 ${budget}`
        : `BERT-base 大小的模型（如 bge-base-zh-v1.5）放不下：${batch}至少需要 ${needed}，预算 ${budget}`;
    },
    demo: '演示预计',
    demoUnknown: '检索过一个问题就能估计',
    demoAbout: (time) => `约 ${time}`,
    disk: '磁盘空间',
    diskRoom: (room) => `浏览器还允许本页存 ${room}`,
  },
  files: {
    title: '换成自己的数据，需要三个文件',
    notes: {
      knowledgeBase: '要被检索的段落，一行一段。',
      pairs: '问题，和能回答它的段落。用来训练。',
      testQuestions: '训练时绝不使用，只用来判定结果。50 题起步，100 题更稳。',
    },
    model: '模型用任意 BERT 类编码器，例如 bge-base-zh-v1.5、m3e-base。',
  },
  moreText: '打开别人分享的实验，或者在别处保存的项目。',
  keyAfter: '训练后，横线为 95% 区间',
  noModel: '还没有数据和模型',
  pairs: (n) => `${formatCount(n)} 对`,
  duration: { epochs: (n) => `${n} 轮`, steps: (n) => `${formatCount(n)} 步` },
  verdicts: { better: '变好了', worse: '变差了', noDifferenceShown: '未显示出差别' },
  firstRight: (questions) => `/ ${formatCount(questions)} 题，第一条就对`,
  changed: (won, lost, p) => `${formatCount(won)} 题变好，${formatCount(lost)} 题变差，${p}。`,
  chance: '差距可能只是偶然。',
  newExperiment: '新建实验',
  openProject: '打开项目文件',
  openLink: '打开分享链接',
  saveProject: '保存项目',
  savingProject: '正在打包项目……',
  openingProject: '正在打开项目……',
  measuringProject: '正在统计项目大小……',
  projectOpened: (experiments, runs) =>
    experiments + runs === 0
      ? '文件里的内容本机都已经有了。'
      : `已添加 ${formatCount(experiments)} 个实验、${formatCount(runs)} 次训练。`,
  projectSaved: (name) => `已保存为 ${name}。`,
  linkTitle: '打开分享的实验',
  linkHelp: '粘贴链接，先看摘要；你同意之前，不会下载或运行任何内容。',
  linkField: '链接',
  open: '打开',
  noResult: '还没有结果',
  running: '正在训练',
  paused: '已暂停，可以接着训练',
  interrupted: '中断了，可以接着训练',
  failed: '出错了',
  deleteTitle: '要删除这个实验吗？',
  deleteText: (name) =>
    `“${name}”和它的训练记录会从首页移除，这个标签页里正在进行的训练会停止；如果训练在另一个标签页里，请先到那里取消。空间不够时才会彻底清除，在那之前可以在“存储”页恢复。`,
  deleted: (name) => `已删除“${name}”。`,
  deleteName: (name) => `删除“${name}”`,
  newName: (n) => `实验 ${n}`,
  duplicateName: (name) => `复制“${name}”`,
  duplicate: '复制',
  copyName: (name, n) => `${name}（副本${n === 1 ? '' : ` ${n}`}）`,
  duplicated: (name) => `已复制为“${name}”。副本有同样的数据、模型和设置，还没有训练过。`,
  demoTag: '演示',
};
