import { formatCount } from '../format';
import { count } from './count';

export const negativesTexts = {
  title: 'What each question is pushed away from',
  settings: 'Source of the negatives',
  toMine: 'These negatives are not mined yet. Mine them to see their scores, judge samples and export them.',
  sources: {
    inBatch: 'from the batch only',
    random: 'random passages',
    mined: 'mined by a model',
    imported: 'from the imported file',
  },
  note: {
    inBatch:
      'Each question is compared with the passages of the other questions in its batch. This needs no preparation.',
    random: 'Passages of the knowledge base, drawn with the random seed.',
    mined:
      'Mine before the run: a model searches the knowledge base for every question. Questions with too few passages left get random ones.',
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
    title: 'Scores by the model that mined',
    positives: 'Questions with their own passages',
    mined: 'Questions with their mined negatives',
    random: 'Questions with random passages',
    suspects: (share: string, found: number, of: number) =>
      `An estimated ${share} of the passages in the rank range may be right answers: ${formatCount(found)} of ${formatCount(of)} score above the positive minus the margin. They were left out.`,
    suspectsHow:
      'Counted before anything is left out. The model can be wrong in both directions, so judge samples below.',
    above: (share: string, found: number, of: number) =>
      `${share} of the mined negatives, ${formatCount(found)} of ${formatCount(of)}, score above the positive, so they may be right answers.`,
    aboveHow: 'They were kept, because passages close to the positive are not left out.',
    noCandidates: 'No passage is in the rank range and the score window.',
    onlyMined: 'Scores are known only for mined negatives.',
  },
  judge: {
    title: 'Judge samples',
    how: 'Is the negative really wrong for the question? Keep it if so. Drop it if it answers the question: it is then no longer a negative of this question, and a random passage takes its place.',
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
  arms: {
    title: 'Which negatives help on your data?',
    how: 'Trains the base model three times with your settings, the same seed and the same steps; only the negatives differ. Each run goes to its last step and is evaluated on dev only, so the test questions stay unused.',
    ranks: (first: string, last: string, perAnchor: number) =>
      `Mined: ${count(perAnchor, 'passage')} per question, drawn from ranks ${first} to ${last}.`,
    scaled: (passages: string) => `These are ranks 300 to 500 of 10,000 passages, scaled to ${passages}.`,
    alike: 'Known answers and near-duplicates of them are left out of both mined runs.',
    names: { inBatch: 'in the batch only', mined: 'mined', filtered: 'mined and filtered' },
    notes: {
      inBatch: 'No explicit negatives.',
      mined: 'By rank only, whatever they score.',
      filtered:
        'Without passages that score close to the positive (relative margin 0.05), and without those you dropped.',
    },
    start: 'Compare negatives',
    goOn: 'Continue the comparison',
    cancel: 'Stop the comparison',
    waiting: 'not started',
    mining: (done: string, of: string) => `Mining for the comparison: ${done} of ${of} done`,
    steps: (done: string, of: string) => `step ${done} of ${of}`,
    dev: (metric: string) => `${metric} on dev`,
    loss: 'Loss, smoothed',
    lossNote: 'Don’t compare the heights of the losses: with more negatives, the same model has a higher loss.',
    picture: 'Dev and loss of the three runs over the steps',
    subjects: { mined: 'mined ones', filtered: 'mined and filtered ones' },
    sentence: (questions: number, mined: string, filtered: string) =>
      `Compared with negatives from the batch only, on ${count(questions, 'dev question')}, ${mined}; ${filtered}.`,
    verdicts: {
      better: (arm: string, figures: string) => `${arm} do better (${figures})`,
      worse: (arm: string, figures: string) => `${arm} do worse (${figures})`,
      noDifferenceShown: (arm: string, figures: string) => `${arm} show no difference (${figures})`,
    },
    figures: (metric: string, change: string, low: string, high: string) =>
      `${metric} ${change}, 95% interval ${low} to ${high}`,
    points: ' percentage points',
    seedNote: 'The intervals cover the choice of questions, not that of the seed.',
    trial: (name: string) => `comparison: ${name}`,
  },
  mined: {
    mine: 'Mine negatives',
    mining: (done: string, of: string) => `Mining negatives: ${done} of ${of} done`,
    model: 'Model that searches',
    modelHelp:
      'The base model, or another model that is stored here, with the settings of its folder. A stronger one finds harder negatives and more right answers.',
    baseModel: 'the base model',
    missingModel: (hash: string) => `not stored here (${hash}…)`,
    firstRank: 'First rank',
    lastRank: 'Last rank',
    rankHelp:
      'Passages that the search finds at these ranks are candidates. The default is 300 to 500 of 10,000 passages, and the same shares of a smaller knowledge base. Ranks closer to 1 give harder negatives, but also more right answers.',
    pick: 'Which of them',
    pickHelp: 'Which candidates to take if there are more than needed.',
    picks: { top: 'the highest-ranked', random: 'random ones', lowest: 'the lowest-ranked' },
    filter: 'Leave out by score',
    filterHelp:
      'Leaves out candidates that score above the question’s positive minus a margin: the model that mines takes them for right answers, or nearly so.',
    relativeMargin: 'Relative margin',
    relativeMarginHelp:
      'A negative scores at most the positive’s score times 1 − margin, so that passages that may be right are left out.',
    absoluteMargin: 'Absolute margin',
    absoluteMarginHelp: 'A negative also scores less than the positive by at least this much; 0 turns it off.',
    minScore: 'Lowest score',
    maxScore: 'Highest score',
    scoreHelp: 'Only passages with a cosine in this window are candidates. To allow every cosine, use −1 to 1.',
  },
};
