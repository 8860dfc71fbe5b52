import { formatCount } from '../format';
import { count } from './count';

export const negativesTexts = {
  sources: {
    inBatch: 'from the batch only',
    random: 'random passages',
    mined: 'mined by the base model',
    imported: 'from the imported file',
  },
  note: {
    random: 'Passages of the knowledge base, drawn with the random seed.',
    mined:
      'Mine before the run: the base model searches the knowledge base for every question. Questions with too few passages left get random ones.',
    imported: 'In the order of the file. Pairs with too few get some of other questions at random.',
  },
  counts: {
    leftOut: 'Left out, because they may answer the question or don’t fit the settings:',
    noneLeftOut: 'No candidate had to be left out.',
    reasons: {
      samePassage: (n: number) => `the question’s own passage: ${formatCount(n)}`,
      knownPositive: (n: number) => `another known answer: ${formatCount(n)}`,
      nearDuplicate: (n: number) => `nearly the same as an answer: ${formatCount(n)}`,
      scoreWindow: (n: number) => `score outside the window: ${formatCount(n)}`,
      margin: (n: number) => `score too close to the positive’s: ${formatCount(n)}`,
    },
    refilled: (n: number, pairs: number) =>
      `${count(n, 'negative')} drawn at random for ${count(pairs, 'pair')} that had too few.`,
  },
  mined: {
    mine: 'Mine negatives',
    mining: (done: string, of: string) => `Mining negatives: ${done} of ${of} done`,
    firstRank: 'First rank',
    lastRank: 'Last rank',
    rankHelp:
      'Passages that the search finds at these ranks are candidates. The default is 300 to 500 of 10,000 passages, and the same shares of a smaller knowledge base. Low ranks are harder but hold more right answers.',
    pick: 'Which of them',
    pickHelp: 'Which candidates to take if there are more than needed.',
    picks: { top: 'the highest-ranked', random: 'random ones', lowest: 'the lowest-ranked' },
    relativeMargin: 'Relative margin',
    relativeMarginHelp:
      'A negative scores at most the positive’s score times 1 − margin, so that passages that may be right are left out.',
    absoluteMargin: 'Absolute margin',
    absoluteMarginHelp: 'A negative also scores less than the positive by at least this much; 0 turns it off.',
    minScore: 'Lowest score',
    maxScore: 'Highest score',
    scoreHelp: 'Only passages with a cosine in this window are candidates. All cosines are in the window −1 to 1.',
  },
};
