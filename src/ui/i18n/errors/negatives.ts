import type { AppErrorDetails } from '../../../domain/errors';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

export function tooFewNegatives({
  question,
  found,
  perAnchor,
}: Extract<AppErrorDetails, { kind: 'too-few-negatives' }>): Sentence {
  return {
    zh: `问题“${shortened(question, 80)}”只有 ${found} 个段落可以当负例，不够 ${perAnchor} 个，因为能回答它的段落不算负例。请减少每题的负例数，或补充段落。`,
    en: `The question “${shortened(question, 80)}” has too few possible negatives (${found} of ${perAnchor}), as passages that may answer it don’t count; use fewer negatives per question, or add passages.`,
  };
}
