import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const mapTexts: Dictionary['map'] = {
  title: '地图',
  intro: '模型眼里的段落和验证题：它觉得相近的，就离得近。',
  needed: '还没有这个模型的地图。只需画一次，结果会存下来；编码过的文本不再编码。',
  draw: '画地图',
  what: {
    load: '准备中',
    encode: '编码文本',
    neighbours: '找最近的文本',
    project: '排布地图',
    place: '放上其余的段落',
  },
  warning: '地图上的距离只是大概：请看检索到的段落，不要看空隙和团块的大小。',
  sizes: (projected, placed, leftOut) =>
    [
      `${formatCount(projected)} 条文本由 UMAP 投影`,
      ...(placed > 0 ? [`${formatCount(placed)} 条按邻居放置`] : []),
      ...(leftOut > 0 ? [`${formatCount(leftOut)} 条没有放上`] : []),
    ].join('，') + '。',
  notCompared: '这个模型还没有在验证集上比过，所以不知道它答对了哪些题。',
  noWebGl: '这个浏览器没有 WebGL，画不出地图。文本列在下面。',
  colour: '颜色',
  colours: { correct: '对错', gain: '变化', topic: '主题' },
  legend: {
    passage: '段落',
    correct: { up: '问题，第一条就对', down: '问题，第一条不对', same: '问题，没有结果' },
    gain: { up: '比基座好', down: '比基座差', same: '没有变化或没有结果' },
    topic: { same: '没有主题的问题' },
  },
  otherTopics: '其他主题',
  lasso: '圈选',
  picture: '段落和问题的地图',
  keys: '方向键移动，+ 和 − 缩放，0 看全图，回车列出看得见的。',
  zoomIn: '放大',
  zoomOut: '缩小',
  whole: '看全图',
  visible: '列出看得见的',
  point: '指向一个问题，就能看到它的文字，以及连到它找到的段落的线。',
  list: (questions, passages) => `${formatCount(questions)} 个问题，${formatCount(passages)} 个段落`,
  rank: (rank) => `名次 ${rank}`,
  foundBy: (questions) =>
    questions === 0 ? '没有验证题检索到这条段落。' : `检索到它的验证题有 ${formatCount(questions)} 道：`,
  pages: '列表的页',
};
