import type { DeviceJob } from '../../../domain/device';
import type { AppErrorDetails } from '../../../domain/errors';
import { said } from './ownWords';
import { never, type Sentence } from './sentence';

/** Why the device can't take another job: it is busy with this one. */
export const busySentences: Record<DeviceJob, Sentence> = {
  run: { zh: '正在训练，请等它结束，或先取消它。', en: 'A run is in progress; wait for it, or cancel it first.' },
  benchmark: {
    zh: '正在测试本机性能，请等它测完，或先取消它。',
    en: 'The benchmark is running; wait for it, or cancel it first.',
  },
  export: { zh: '正在核对导出的模型，请稍等片刻。', en: 'An exported model is being checked; wait a moment.' },
};

/** A benchmark has no batch size to reduce and no checkpoint to resume from, so it has its own remedies. */
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
      return never(details satisfies never);
  }
}
