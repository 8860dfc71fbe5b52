import { said } from './ownWords';
import type { Sentence } from './sentence';

/** Says in brackets why the kernels of matrix units do not compile, if that is why there are none. */
export function matricesReason({ reason }: { reason?: string }): Sentence {
  return reason === undefined ? { zh: '', en: '' } : { zh: `（${said(reason).zh}）`, en: ` (${said(reason).en})` };
}
