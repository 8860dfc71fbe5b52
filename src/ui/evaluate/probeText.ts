import type { AnswerAt } from '../../domain/evaluate/answerAt';
import { forgettingOf } from '../../domain/evaluate/probe';
import type { Dictionary } from '../i18n/dictionary';
import { formatFigure, formatSigned } from '../i18n/format';

/** Says whether the tuned model forgot what the base model could do, as far as a probe set can tell. */
export function probeSentence(t: Dictionary['probe'], answer: AnswerAt): string {
  const [low, high] = [answer.gain.low * 100, answer.gain.high * 100];
  const kind = forgettingOf(answer);
  if (kind !== 'kept') return t.sentence[kind](formatSigned(low), formatSigned(high));
  return low >= 0 ? t.keptNothing : t.sentence.kept(formatFigure(Math.ceil(-low * 10) / 10));
}
