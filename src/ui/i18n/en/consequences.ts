import { formatCount } from '../format';
import { count } from './count';

/** The consequence of each setting, shown beside its field. */
export const consequenceTexts = {
  duration: (pairs: number, steps: number, atMost: boolean) =>
    `${count(pairs, 'pair')} make ${atMost ? 'at most ' : ''}${count(steps, 'step')} in all.`,
  scoredDuration: (pairs: number, steps: number, atMost: boolean) =>
    `${count(pairs, 'scored pair')} make ${atMost ? 'at most ' : ''}${count(steps, 'step')} in all.`,
  leftOut: (low: number, high: number) =>
    `Each epoch leaves out ${low === high ? '' : `${formatCount(low)} to `}${count(high, 'pair')} that ${
      low === 1 && high === 1 ? 'fits' : 'fit'
    } no batch, because too many pairs share a passage or a question.`,
  data: {
    pairs: 'Each question should score highest with its own passage.',
    scoredPairs: 'The cosine of two sentences should follow their score.',
  },
  scoredBatch: {
    compared: 'The scores of all pairs in a batch are compared with each other. Larger is usually better.',
    mean: 'The loss is the mean over the pairs of a batch.',
  },
  cosentTemperature: 'The smaller it is, the more the worst misordered pairs count.',
  batchSize: (n: number) => `Each question is compared with ${count(n, 'negative')}. Larger is usually better.`,
  learningRate: '2e-5 is usual for base models, 2e-4 for small ones.',
  temperature: 'The smaller it is, the more the hardest negatives count.',
  distillationTemperature: 'The smaller it is, the more the texts with the highest scores count.',
  primary: 'Decide before training, and stick to it.',
};
