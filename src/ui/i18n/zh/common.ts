import type { Dictionary } from '../dictionary';

export const commonTexts: Dictionary['common'] = {
  productName: '召回工坊',
  colon: '：',
  comma: '，',
  listComma: '、',
  semicolon: '；',
  beforeNext: (sentence) => sentence,
  inARow: (...sentences) => sentences.join(''),
  stop: '。',
  close: '关闭',
  cancel: '取消',
  copied: '已复制',
  copyYourself: '浏览器不允许本页复制。文字已经选中，请按 Ctrl+C 或 ⌘C。',
  undo: '撤销',
  dismiss: '知道了',
  update: '有新版本。',
  updateLater: '有新版本。最好等正在进行的任务结束再刷新。',
  reload: '刷新以更新',
  delete: '删除',
  loading: '载入中……',
  previous: '上一页',
  next: '下一页',
  page: (page, pages) => `${page} / ${pages}`,
  guessed: '推测',
  guessedHelp: '模型文件夹中未注明，这是推测值，请对照模型说明确认。',
  skip: '跳到正文',
  table: '表格',
  chart: '图表',
};

export const headerTexts: Dictionary['header'] = {
  home: '实验',
  settings: '设置',
  benchmark: '测试本机性能',
  storage: '存储',
  palette: '查找操作',
  theme: { light: '浅色', dark: '深色', auto: '跟随系统' },
  toggleTheme: '切换浅色和深色',
  language: 'English',
  languageHelp: 'Switch to English',
  local: '数据不离开这台电脑',
  localHelp: '数据、训练和权重都留在这个浏览器里，只有按 id 下载模型时，本页才会访问你选的那个来源。',
};

export const paletteTexts: Dictionary['palette'] = {
  title: '查找操作',
  placeholder: '输入想做的事',
  empty: '没有这个操作',
  goTo: '前往',
  experiments: '实验',
  actions: '操作',
};

export const errorsTexts: Dictionary['errors'] = {
  title: '操作没有成功',
  copyDetails: '复制详情',
};

export const timeTexts: Dictionary['time'] = {
  ms: '毫秒',
  seconds: (n) => `${n} 秒`,
  minutes: (m, s) => `${m} 分 ${s} 秒`,
  hours: (h, m) => `${h} 小时 ${m} 分`,
};
