import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

/** The headline of a run and the sentence below it. */
export const runSentenceTexts: Dictionary['train']['sentence'] = {
  none: '训练前后各用同样的测试问题问一遍。可以随时暂停；关掉页面后，可以从最近的检查点接着训练。',
  planned: (pairs, steps, atMost) =>
    `${formatCount(pairs)} 个问答对，${atMost ? '最多' : ''}训练 ${formatCount(steps)} 步`,
  notPlanned: '还没有训练过',
  leave: '可以去看别的页面，训练照常进行。',
  settling: '正在确认这次训练停在哪里……',
  queued: '训练马上开始',
  prepare: '正在准备数据、token 和模型',
  evaluateBefore: '正在用训练前的权重做测试题',
  firstStep: '训练已经开始，正在算第一步',
  devHits: (before, now, of, sample) =>
    now === before
      ? `验证集${sample === null ? '' : `（抽样 ${sample} 段）`}第一条就对的还是 ${formatCount(now)} 题，共 ${formatCount(of)} 题`
      : `验证集${sample === null ? '' : `（抽样 ${sample} 段）`}第一条就对的从 ${formatCount(before)} 题${now > before ? '升' : '降'}到 ${formatCount(now)} 题，共 ${formatCount(of)} 题`,
  trainingTitle: (step, steps) => `正在训练：第 ${step} 步，共 ${steps} 步`,
  training: (step, steps, loss, left) =>
    `第 ${step} 步，共 ${steps} 步，损失 ${loss}${left === null ? '' : `，剩余约 ${left}`}。`,
  trainingNoDev: (loss, left) =>
    `损失 ${loss}${left === null ? '' : `，剩余约 ${left}`}。训练开始后还没有评测过验证集。`,
  repeating: (from, to) => `正在重新计算第 ${from === to ? from : `${from} 到 ${to}`} 步`,
  repeatingText: (step, steps, fromStart) =>
    `${
      fromStart
        ? '训练在写第一个检查点之前就中断了，所以从头算起。'
        : '训练从最近的检查点接着进行，这些步在检查点之后。'
    }${step === null ? '' : `现在算完第 ${step} 步，共 ${steps} 步。`}`,
  evaluateAfter: '正在用训练后的权重再做一遍测试题',
  atStep: (step, steps) => `第 ${step} 步，共 ${steps} 步`,
  stopped: {
    paused: (place) => `已暂停：${place}`,
    interrupted: (place) => `已中断：${place}`,
    cancelled: (place) => `已取消：${place}`,
    failed: (place) => `出错：${place}`,
  },
  paused: '关掉页面也不会丢失进度。',
  interruptedAtStart: '页面或后台线程在写第一个检查点之前就关闭了，接着训练要从头算起。',
  interrupted: '页面或后台线程被关闭了。可以从最近的检查点接着训练。',
  interruptedAfter: (from, to) =>
    `页面或后台线程被关闭了。可以从最近的检查点接着训练：重新计算第 ${from === to ? from : `${from} 到 ${to}`} 步。`,
  sameBits: '在同一台设备上，结果和不中断时逐位相同。',
  otherBuild: '程序已经换了版本，结果可能和不中断时略有不同。',
  cancelled: '曲线还在，但不能再接着训练。',
  failed: '训练因下面的错误停止。',
  doneKept: (kept, steps) => `训练完成：共 ${steps} 步，保留第 ${kept} 步的权重。`,
  done: (steps) => `训练完成，共 ${formatCount(steps)} 步。`,
  doneNext: '训练前后都用测试问题评测过。',
  toEvaluate: '看结果',
};
