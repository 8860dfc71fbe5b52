import { formatCount } from '../format';
import { count } from './count';

export const evaluateTexts = {
  title: 'Before and after',
  none: 'No evaluation yet. A run evaluates the test questions before and after training.',
  noAfter: 'So far, only the evaluation before training is done. The one after training follows at the end of the run.',
  goTrain: 'Go to training',
  runPicker: 'Run',
  verdict: {
    counts: (won: number, lost: number, k: number) =>
      `${count(won, 'question')} improved, ${formatCount(lost)} got worse at hit rate@${k}: `,
    better: (p: string) => `retrieval got better, ${p}.`,
    worse: (p: string) => `retrieval got worse, ${p}.`,
    noneShown: (p: string, points: string | null) =>
      `no difference shown, ${p}.${points === null ? '' : ` The change of ${points} points could be chance.`}`,
    same: 'No question changed between hit and miss: no difference shown.',
    rates: (before: string, after: string) => `${before} → ${after}`,
  },
  pHelp:
    'McNemar’s exact test on the questions that improved or got worse. Below 0.05, chance is an unlikely explanation. It doesn’t say how large the gain is.',
  readings: (n: number) =>
    `The test questions have been used ${n === 1 ? 'once' : n === 2 ? 'twice' : `${formatCount(n)} times`} in this experiment.`,
  readingsHelp:
    'Each run uses them before and after training. The more often you choose settings by looking at test, the less it is a test.',
  metric: 'Metric',
  before: 'Before',
  after: 'After',
  difference: 'Change',
  interval: '95% interval',
  sizes: (questions: number, passages: number) => `${count(questions, 'question')}, ${count(passages, 'passage')}`,
  names: {
    hitRate: (k: number) => `Hit rate@${k}`,
    recall: (k: number) => `Recall@${k}`,
    mrr: 'MRR@10',
    ndcg: 'nDCG@10',
  },
  define: {
    hitRate: (k: number) =>
      `Share of questions with at least one right passage in the top ${k}. The interval is a 95% Wilson interval.`,
    recall: (k: number) =>
      `Share of a question’s right passages that are in the top ${k}, averaged over all questions.`,
    mrr: 'Mean of 1 / rank of the first right passage; 0 if it isn’t in the top 10.',
    ndcg: 'Discounted gain of the right passages in the top 10, divided by the best possible value.',
  },
  questions: 'Questions',
  filters: { all: 'All', won: 'Improved', lost: 'Worse', unchanged: 'Same outcome' },
  signs: { won: 'improved', lost: 'got worse', unchanged: 'same outcome' },
  searchLabel: 'Search the questions',
  rank: (before: string, after: string) => `Rank ${before} → ${after}`,
  notFound: 'not found',
  relevant: 'Right passage',
  topAfter: 'First result after training',
  topBefore: 'First result before training',
  topIsRight: 'This is the right passage.',
  score: 'score',
  noneMatch: 'No matching question.',
  shown: (from: string, to: string, of: string) => `${from}–${to} of ${of}`,
  wonMeaning: (k: number) =>
    `Improved: a right passage is in the top ${k} after training and wasn’t before. Worse: the other way round. Same outcome: in the top ${k} before and after, or not at all.`,
};
