import { formatCount } from '../format';
import { count } from './count';

/** The training pairs that the loss finds hardest. */
export const hardestPairTexts = {
  title: (n: number) => (n === 1 ? 'The hardest training pair' : `The ${formatCount(n)} hardest training pairs`),
  help: 'The pairs in which a wrong text of the batch scores furthest above the right passage, or least below it. If the wrong text answers the question too, it is a false negative.',
  helpScored:
    'The sentence pairs whose cosines fit their scores least. If the cosine looks right, the score may be wrong.',
  helpTeacher: 'The questions whose scores differ most from the teacher’s, each with its best-scoring negative.',
  seen: (step: string, rows: number) =>
    `Taken from the newest samples: every few steps, ${count(rows, 'row')} of a batch are sampled, most recently at step ${step}.`,
  positive: 'Own passage',
  otherPassage: 'Another question’s passage',
  negative: 'Explicit negative',
  score: (score: string, cosine: string) => `Score ${score}, cosine ${cosine}`,
};
