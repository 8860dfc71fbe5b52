import { formatCount } from '../format';
import { count } from './count';

/** The training pairs that the loss finds hardest. */
export const hardestPairTexts = {
  title: (n: number) => (n === 1 ? 'The hardest training pair' : `The ${formatCount(n)} hardest training pairs`),
  help: 'The pairs whose own passage a wrong text of the batch beats by most, or comes closest to. If the wrong text answers the question too, it is a false negative.',
  helpScored:
    'The sentence pairs whose cosines fit their scores least. If one looks right as it is, its score may be wrong.',
  helpTeacher: 'The questions whose scores differ most from the teacher’s, each with its best-scoring negative.',
  seen: (step: string, rows: number) =>
    `Now and then, ${count(rows, 'row')} of a batch are looked at, last at step ${step}. The newest looks count.`,
  positive: 'Own passage',
  otherPassage: 'Another question’s passage',
  negative: 'Explicit negative',
  score: (score: string, cosine: string) => `Score ${score}, cosine ${cosine}`,
};
