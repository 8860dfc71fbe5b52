import type { Dictionary } from '../dictionary';

export const experimentTexts: Dictionary['experiment'] = {
  name: '实验名称',
  notFound: '这个浏览器里没有这个实验。',
  backHome: '回到实验列表',
  undoChange: '撤销上一次修改',
  readOnly: '这个实验正在另一个标签页里运行：这里只能看，不能改。',
};
