import { said } from './ownWords';
import type { Sentence } from './sentence';

/**
 * Returns, in brackets, why the kernels for matrix units do not compile, or nothing if these units are missing for
 * another reason.
 */
export function matricesReason({ reason }: { reason?: string }): Sentence {
  return reason === undefined ? { zh: '', en: '' } : { zh: `（${said(reason).zh}）`, en: ` (${said(reason).en})` };
}
