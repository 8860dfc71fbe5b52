import type { AppErrorDetails } from '../../../domain/errors';
import { said } from './ownWords';
import { unknownErrorSentence, type Sentence } from './sentence';

/** Says why a device check stopped without a result, and what to do. */
export function checkStopped(details: Extract<AppErrorDetails, { kind: 'check-stopped' }>): Sentence {
  switch (details.cause) {
    case 'memory':
      return {
        zh: '检查时内存不足，请关闭其他程序，然后再检查一次。',
        en: 'Memory ran out during the check; close other programs, then check again.',
      };
    case 'device':
      return {
        zh: `检查时与显卡的连接断了（${said(details.reason).zh}），请再检查一次；如果还是这样，请更新显卡驱动，或改用 CPU。`,
        en: `The GPU was lost during the check (${said(details.reason).en}); check again. If it happens again, update the driver or use the CPU.`,
      };
    case 'worker':
      return {
        zh: `检查时计算线程意外停止（${said(details.reason).zh}），请再检查一次；如果还是这样，请改用 CPU。`,
        en: `The compute worker stopped during the check (${said(details.reason).en}); check again. If it happens again, use the CPU.`,
      };
    default:
      return unknownErrorSentence(details satisfies never);
  }
}
