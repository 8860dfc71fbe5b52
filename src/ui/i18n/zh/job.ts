import type { Dictionary } from '../dictionary';

export const jobTexts: Dictionary['job'] = {
  strip: '当前任务',
  phases: { prepare: '准备', evaluateBefore: '训练前评测', train: '训练', evaluateAfter: '训练后评测', done: '完成' },
  what: {
    tokenize: '分词',
    load: '载入权重',
    tune: '为本机调优',
    encodeGuide: '用引导模型或教师模型编码',
    encodePassages: '编码段落',
    encodeQuestions: '编码问题',
    checkpoint: '写检查点',
  },
  status: {
    queued: '排队',
    running: '进行中',
    paused: '已暂停',
    interrupted: '已中断',
    cancelled: '已取消',
    failed: '出错',
    done: '完成',
  },
  pausedIn: (phase) => `已暂停：${phase}`,
  left: (time) => `剩余 ${time}`,
  unknownLeft: '几步之后显示剩余时间',
  demo: '正在准备演示',
};
