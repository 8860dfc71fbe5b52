import type { Dictionary } from '../dictionary';

export const experimentTexts: Dictionary['experiment'] = {
  name: '实验名称',
  notFound: '这个浏览器里没有这个实验。',
  backHome: '回到实验列表',
  undoChange: '撤销上一次修改',
  overtaken: '这个实验在另一个标签页里改过，你在这里的最后一次修改还没有保存。',
  keepMine: '保留我的',
  keepTheirs: '保留另一个标签页的',
  readOnly: '这个实验的训练在另一个标签页里：这里只能看，不能改。',
};
