import { formatCount } from '../format';
import { count } from './count';

export const splitTexts = {
  title: 'Three parts, kept apart',
  train: 'Train',
  dev: 'Dev',
  test: 'Test',
  trainNote: 'pairs; they update the weights',
  scored: 'Scored pairs',
  scoredNote: 'two sentences with a score; they update the weights',
  devNote: 'chooses the checkpoint and the settings',
  devHeldOut: 'held out from the pairs',
  testNote: 'used only before and after training',
  unanswered: (dev: number, test: number) =>
    `${count(dev + test, 'more question')} without an answer in the knowledge base (${formatCount(dev)} in dev, ${formatCount(test)} in test): left out of hit rates, used for score thresholds.`,
  devFraction: 'Share of pairs kept for dev',
  devFractionHelp: 'Used only if you import no dev questions.',
  devMaximum: 'At most',
  leaks: 'Leaks',
  leaksNone: 'No training pair repeats a dev or test question.',
  leaksExact: (n: number) =>
    `${count(n, 'pair')} ${n === 1 ? 'is' : 'are'} word for word the same as a dev or test question.`,
  leaksNormalised: (n: number) =>
    `${count(n, 'pair')} ${n === 1 ? 'is' : 'are'} the same as a dev or test question except for punctuation, spaces, case, character width or invisible characters.`,
  leaksSkipped: 'Training skips these pairs.',
  leaksTrain: 'A batch list names the rows to train on, so these pairs are still trained on.',
  scoredLeaks: (n: number) =>
    `${count(n, 'scored pair')} ${n === 1 ? 'has' : 'have'} a sentence that is a dev or test question.`,
  scoredLeaksSkipped: 'Training skips these scored pairs.',
  devInTest: (n: number) =>
    `${count(n, 'dev question')} ${n === 1 ? 'is' : 'are'} also in test and ${n === 1 ? 'was' : 'were'} left out of dev. Otherwise test would choose the checkpoint.`,
  devEmpty:
    'That leaves no dev questions to choose a checkpoint with, so the last step is kept. Import other dev questions, or remove them to hold out some of the pairs.',
  nearNone: 'No pair is nearly the same as a test question.',
  nearFound: (n: number) =>
    `${count(n, 'pair')} ${n === 1 ? 'is' : 'are'} nearly the same as a test question and still trained on.`,
  nearRemoved: (n: number) =>
    `${count(n, 'pair')} nearly the same as a test question ${n === 1 ? 'was' : 'were'} removed from train.`,
  nearListed: 'A batch list names the rows to train on, so these pairs can’t be removed.',
  scoredNearNone: 'No scored pair has a sentence that is nearly the same as a test question.',
  scoredNearFound: (n: number) =>
    `${count(n, 'scored pair')} ${n === 1 ? 'has' : 'have'} a sentence nearly the same as a test question and ${n === 1 ? 'is' : 'are'} still trained on.`,
  scoredNearRemoved: (n: number) =>
    `${count(n, 'scored pair')} with a sentence nearly the same as a test question ${n === 1 ? 'was' : 'were'} removed from train.`,
  removalOn: 'Near-duplicates are removed from train as soon as there are any.',
  removeNear: (n: number) => `Remove ${count(n, 'near-duplicate')} from train`,
  restoreNear: 'Put back into train',
  stopRemoval: 'Don’t remove near-duplicates',
  showOverlaps: (n: number) => (n === 1 ? 'Show it' : `Show all ${formatCount(n)}`),
  overlapsTitle: 'Questions in two parts',
  overlapsHelp:
    'Nearly the same: the two texts share at least 80% of their two-character sequences (Jaccard similarity). Long texts are cut.',
  why: {
    exact: 'Word for word',
    normalised: 'The same after normalisation',
    near: (similarity: string) => `Nearly the same, similarity ${similarity}`,
  },
  pairAt: (n: number) => `Pair ${formatCount(n)}`,
  scoredPairAt: (n: number) => `Scored pair ${formatCount(n)}`,
  devQuestion: 'Dev question',
  testQuestion: 'Test question',
  unknownAnswers: 'Pairs whose answer isn’t in the knowledge base',
  unknownAnswersNone: 'The answer of every training pair is a passage of the knowledge base.',
  unknownAnswersFound: (n: number) =>
    n === 1
      ? 'The answer of 1 training pair is not a passage of the knowledge base. The pair is still trained on.'
      : `The answers of ${formatCount(n)} training pairs are not passages of the knowledge base. These pairs are still trained on.`,
  showPairs: 'Show these pairs',
  counting: 'Counting…',
  bar: 'Sizes of the three parts',
  seedNote: (seed: number) => `Drawn with seed ${seed}: the same seed holds out the same pairs.`,
};
