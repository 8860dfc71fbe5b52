import { formatCount } from '../format';
import { count } from './count';

export const negativesTexts = {
  title: 'What each question is pushed away from',
  settings: 'Source of the negatives',
  toMine: 'These negatives are not mined yet. Mine them to see their scores, judge samples and export them.',
  sources: {
    inBatch: 'from the batch only',
    random: 'random passages',
    mined: 'mined by the base model',
    imported: 'from the imported file',
  },
  note: {
    inBatch:
      'Each question is compared with the passages of the other questions in its batch. This needs no preparation.',
    random: 'Passages of the knowledge base, drawn with the random seed.',
    mined:
      'Mine before the run: the base model searches the knowledge base for every question. Questions with too few passages left get random ones.',
    imported: 'In the order of the file. Pairs with too few get some of other questions at random.',
  },
  counts: {
    title: 'What was left out',
    leftOut: 'Left out, because they may answer the question or don’t fit the settings:',
    noneLeftOut: 'No candidate had to be left out.',
    reasons: {
      samePassage: (n: number) => `the question’s own passage: ${formatCount(n)}`,
      knownPositive: (n: number) => `another known answer: ${formatCount(n)}`,
      judged: (n: number) => `dropped by you: ${formatCount(n)}`,
      nearDuplicate: (n: number) => `nearly the same as an answer: ${formatCount(n)}`,
      scoreWindow: (n: number) => `score outside the window: ${formatCount(n)}`,
      margin: (n: number) => `score too close to the positive’s: ${formatCount(n)}`,
    },
    refilled: (n: number, pairs: number) =>
      `${count(n, 'negative')} drawn at random for ${count(pairs, 'pair')} that had too few.`,
  },
  scores: {
    title: 'Scores by the base model',
    positives: 'Questions with their own passages',
    mined: 'Questions with their mined negatives',
    random: 'Questions with random passages',
    suspects: (share: string, found: number, of: number) =>
      `An estimated ${share} of the passages in the rank range may be right answers: ${formatCount(found)} of ${formatCount(of)} score above the positive minus the margin. They were left out.`,
    suspectsHow:
      'Counted before anything is left out. The base model can be wrong in both directions, so judge samples below.',
    noCandidates: 'No passage is in the rank range and the score window.',
    onlyMined: 'Scores are known only for mined negatives.',
  },
  judge: {
    title: 'Judge samples',
    how: 'Is the negative really wrong for the question? Keep it if so. Drop it if it answers the question: it is then no negative of this question, and a random passage takes its place.',
    none: 'There are no negatives to judge.',
    progress: (judged: number, of: number, dropped: number) =>
      `${formatCount(judged)} of ${formatCount(of)} judged, ${formatCount(dropped)} dropped.`,
    share: (share: string, low: string, high: string) =>
      `The share of false negatives is ${share} (95% interval: ${low} to ${high}).`,
    sample: (at: number, of: number) => `Sample ${at} of ${of}`,
    decided: { keep: 'kept', drop: 'dropped' },
    negative: 'Negative',
    keep: 'Keep',
    drop: 'Drop',
    previous: 'Previous',
    next: 'Next',
    full: (most: number) => `At most ${count(most, 'negative')} can be dropped by hand.`,
  },
  list: {
    title: (pairs: number) => `${count(pairs, 'pair')} with negatives`,
    export: (format: string) => `Export as ${format}`,
    rank: (rank: string) => `rank ${rank}`,
    random: 'random',
    score: (score: string) => `score ${score}`,
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
