import type { AnswerAt } from '../../domain/evaluate/answerAt';
import type { Dictionary } from '../i18n/dictionary';
import { formatP, formatSigned } from '../i18n/format';

const points = (share: number): string => formatSigned(share * 100);

/** Writes how many questions improved or got worse, and whether that could be chance. */
export function judgementText(t: Dictionary['evaluate']['answer'], answer: AnswerAt): string {
  if (answer.won + answer.lost === 0) return t.same;
  const p = formatP(answer.p);
  switch (answer.verdict) {
    case 'better':
    case 'worse':
      return `${t.counts(answer.won, answer.lost)}${t.shown(p)}`;
    case 'noDifferenceShown':
      return `${t.counts(answer.won, answer.lost)}${t.notShown(p, answer.won === answer.lost)}`;
    default:
      return answer.verdict satisfies never;
  }
}

/** Returns the gain in hit rate, and its interval if there is any change. */
export function gainText(t: Dictionary['evaluate']['answer'], answer: AnswerAt): { gain: string; interval: string } {
  const gain = (answer.hitsAfter - answer.hitsBefore) / Math.max(1, answer.questions);
  const { low, high } = answer.gain;
  const interval = answer.won + answer.lost > 0 ? t.interval(points(low), points(high)) : '';
  return { gain: t.points(points(gain)), interval };
}

/** Describes how the trained model compares with the keyword search, which is `before` in the answer. */
export function keywordVerdictText(t: Dictionary['evaluate']['answer'], { verdict, p }: AnswerAt): string {
  return verdict === 'noDifferenceShown'
    ? t.keywordEqual(formatP(p))
    : t.keywordDiffers(verdict === 'better', formatP(p));
}
