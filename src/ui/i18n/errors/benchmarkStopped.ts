import type { AppErrorDetails } from '../../../domain/errors';
import { unknownErrorSentence, type Sentence } from './sentence';
import { said } from './ownWords';

/**
 * Says why a benchmark stopped and what to do. A benchmark has its own remedies, because it has no batch size to reduce
 * and no checkpoint to resume from.
 */
export function benchmarkStopped(details: Extract<AppErrorDetails, { kind: 'benchmark-stopped' }>): Sentence {
  switch (details.cause) {
    case 'memory':
      return {
        zh: '测量时内存不足，请只测演示模型，或在“训练”阶段调低内存预算、关闭其他程序，然后再测。',
        en: 'Memory ran out while measuring; measure only the demo model, lower the memory budget in the train stage, or close other programs, then measure again.',
      };
    case 'device':
      return {
        zh: `测量时与显卡的连接断了（${said(details.reason).zh}），请再测一次；如果还是这样，请更新显卡驱动，或改用 CPU。`,
        en: `The GPU was lost while measuring (${said(details.reason).en}); measure again. If it happens again, update the driver or use the CPU.`,
      };
    case 'worker':
      return {
        zh: `测量时计算线程意外停止（${said(details.reason).zh}），请再测一次；如果还是这样，请只测演示模型。`,
        en: `The compute worker stopped while measuring (${said(details.reason).en}); measure again. If it happens again, measure only the demo model.`,
      };
    default:
      return unknownErrorSentence(details satisfies never);
  }
}
