import { formatCount, formatSmallScore } from '../format';
import { count } from './count';

/** Writes by how much right passages score above wrong ones, or below. */
const above = (gap: number): string => `${formatSmallScore(Math.abs(gap))} ${gap < 0 ? 'below' : 'above'}`;

/** Dev evaluations during training: their scores, their sample and their plan. */
export const devScoreTexts = {
  title: (right: string, wrong: string) =>
    `On dev, the median score is ${right} for right passages and ${wrong} for each question’s best wrong one`,
  help: 'How often each score occurs at some of the dev evaluations, and the medians. The further right passages are above the best wrong ones, the better.',
  spread: (now: number, start: { step: number; gap: number } | null) =>
    `On dev, right passages score ${above(now)} random wrong ones${
      start === null
        ? ''
        : `; ${start.step === 0 ? 'before training' : `at step ${formatCount(start.step)}`}, ${above(start.gap)}`
    }`,
  spreadHelp:
    'The axis shows scores (cosines), the dashed lines medians. Where the areas overlap, a score does not tell right from wrong.',
  beforeTraining: 'Before training',
  atStep: (step: string) => `Step ${step}`,
  apart: (gap: number) => `right median ${above(gap)} wrong`,
  distribution: 'Scores',
  kinds: { right: 'Right', bestWrong: 'Best wrong', randomWrong: 'Random wrong' },
  hardest: (n: number) => (n === 1 ? 'The hardest dev question' : `The ${formatCount(n)} hardest dev questions`),
  hardestHelp:
    'In the newest dev evaluation, their right passages score least above the best wrong one, or furthest below it. If the wrong passage answers the question too, the data lacks that answer.',
  margin: (margin: string) => `Margin ${margin}`,
  sample: (passages: number, of: number) =>
    `During training, dev is evaluated on a sample of ${formatCount(passages)} of ${count(of, 'passage')} that has all right answers, so the figures are higher than on the whole knowledge base.`,
  plan: (everySteps: number, share: string, sample: { passages: number; of: number } | null) =>
    `${everySteps === 0 ? 'At the last step' : everySteps === 1 ? 'After every step' : `Every ${formatCount(everySteps)} steps`}, on ${
      sample
        ? `a sample of ${formatCount(sample.passages)} of ${count(sample.of, 'passage')}`
        : 'the whole knowledge base'
    }: about ${share} of the time that training and dev evaluations take.`,
  every: (steps: number, metric: string, best: boolean) =>
    `Dev is evaluated ${steps === 1 ? 'after every step' : `every ${formatCount(steps)} steps`}${
      best ? `; the step with the best ${metric} is kept.` : '; the last step is kept.'
    }`,
  ends: 'Dev is evaluated only before and after training.',
};
