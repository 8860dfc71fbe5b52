import { formatCount } from '../format';
import { count } from './count';

/** Texts of the view of a step's batch. */
export const batchViewTexts = {
  open: 'Look at a batch',
  title: (step: number) => `What step ${step} sees`,
  scoredHelp:
    'The scores of all rows are compared with each other: of two rows, the one with the higher score should have the higher cosine.',
  sentence1: 'Sentence 1',
  sentence2: 'Sentence 2',
  score: (score: string) => `Score ${score}`,
  teacherScore: (score: string) => `Teacher ${score}`,
  help: {
    batch:
      'Each question is shown with its own passage. The passages of all other rows are its negatives, unless they are left out as known answers, and so are explicit negatives of any row that don’t answer it.',
    explicit:
      'Each question is shown with its own passage. Its negatives are the explicit negatives of all rows that don’t answer it; passages of other rows are not.',
    own: 'Each question is shown with its own passage. Its negatives are its own explicit negatives; texts of other rows are not.',
  },
  exportHelp: {
    batch:
      'The file has each question with its passage, its own explicit negatives, and the passages and explicit negatives of other rows that it is compared with.',
    explicit:
      'The file has each question with its passage, its own explicit negatives, and those of other rows that it is compared with.',
    own: 'The file has each question with its passage and its own explicit negatives.',
  },
  byScore: 'Those that the loss leaves out by score are shown too, because only a run knows which they are.',
  exportByScore: 'It also has those that the loss leaves out by score.',
  tooMany: (most: string) => `Too many negatives for a file: more than ${most}.`,
  drawnHelp:
    'Each question is shown with its own passage. A few other rows are drawn at random for each question. Its negatives are their passages, and those of their explicit negatives that don’t answer it.',
  explicitNegatives: 'Explicit negatives',
  batches: (n: number) =>
    `The step accumulates the gradients of ${n === 1 ? '1 batch' : `${formatCount(n)} batches`}. A question’s negatives come from its own batch only.`,
  scoredBatches: (n: number) =>
    `The step accumulates the gradients of ${n === 1 ? '1 batch' : `${formatCount(n)} batches`}. Scores are compared within a batch only.`,
  step: 'Step',
  anchor: 'Anchor (question)',
  positive: 'Positive',
  negatives: (n: number) => `${count(n, 'negative')} from other rows`,
};
