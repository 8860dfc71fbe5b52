import { formatCount } from '../format';
import { count } from './count';

export const evaluateTexts = {
  title: 'Before and after',
  none: 'No evaluation yet. A run evaluates the test questions before and after training.',
  noAfter: 'So far, only the evaluation before training is done. The one after training follows at the end of the run.',
  goTrain: 'Go to training',
  runPicker: 'Run',
  lookAt: 'Look at the top',
  topK: (k: number) => `Top ${k}`,
  answer: {
    title: (k: number, after: number, of: number, before: number) =>
      `${k === 1 ? 'The right passage comes first' : `A right passage is in the top ${k}`} for ${formatCount(after)} of ${count(of, 'question')}, ${after > before ? `up from ${formatCount(before)}` : after < before ? `down from ${formatCount(before)}` : 'as many as before'}`,
    badge: { better: '▲ Better', worse: '▼ Worse', noDifferenceShown: 'No difference shown' },
    counts: (won: number, lost: number) => `${count(won, 'question')} improved, ${formatCount(lost)} got worse `,
    shown: (p: string) => `(${p}). Chance is an unlikely explanation.`,
    notShown: (p: string, equal: boolean) => (equal ? `(${p}).` : `(${p}). This could be chance.`),
    same: 'No question crossed the line in either direction.',
    bothRight: (k: number) => (k === 1 ? 'right both times' : `in the top ${k} both times`),
    improved: 'improved',
    worse: 'got worse',
    bothWrong: 'wrong both times',
    gain: 'Gain in hit rate',
    points: (points: string) => `${points} percentage points`,
    interval: (low: string, high: string) => `, 95% interval ${low} to ${high}`,
    keyword: 'Keyword search (BM25)',
    keywordHelp:
      'BM25 over pairs of neighbouring characters, on the same questions and knowledge base. It needs no model, so a tuned model should beat it.',
    keywordHits: (hits: number) => count(hits, 'question'),
    keywordEqual: (p: string) => `: no difference shown from the tuned model (${p})`,
    keywordDiffers: (better: boolean, p: string) =>
      better ? `: the tuned model is better (${p})` : `: better than the tuned model (${p})`,
    moved: 'Moved without crossing the line',
    upDown: (up: number, down: number) => `${formatCount(up)} up, ${formatCount(down)} down`,
  },
  keywordMissing: 'No keyword search for comparison:',
  chart: {
    asTable: 'Show as a table',
    asChart: 'Show the chart',
    cutOff: 'Cut-off',
    rank: 'Rank',
    hitRate: 'Questions with a right passage in the top k',
    hitRateCaption: 'Share of the test questions. Whiskers are 95% Wilson intervals.',
    rankCurve: 'How far down the right passage is',
    rankCurveCaption:
      'Share of questions whose first right passage has this rank or a better one. Ranks are on a log scale.',
    rankTitle: (up: number, down: number) =>
      `The right passage moved up for ${count(up, 'question')} and down for ${formatCount(down)}`,
    rankCaption:
      'One stroke per question: the dot is the rank after training, the other end the rank before. Above the dashed line are the top results that count. Ranks are on a log scale.',
    rankSample: (shown: number, of: number) => `Shows ${formatCount(shown)} of ${count(of, 'question')}.`,
  },
  allMetrics: 'All metrics',
  pHelp:
    'McNemar’s exact test on the questions that improved or got worse. Below 0.05, chance is an unlikely explanation. It doesn’t say how large the gain is.',
  readings: (n: number) =>
    `The test questions have been used ${n === 1 ? 'once' : n === 2 ? 'twice' : `${formatCount(n)} times`} in this experiment.`,
  readingsHelp:
    'Each run uses them before and after training; each blend that you evaluate on test and each model that you compare on it use them once. The more often you choose settings by looking at test, the less it is a test.',
  compareMore: 'Compare with other models',
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
  filters: { all: 'All', won: 'Improved', lost: 'Worse', up: 'Up', down: 'Down', same: 'Same' },
  signs: {
    won: (k: number) => (k === 1 ? '+ now first' : `+ now in top ${k}`),
    lost: (k: number) => (k === 1 ? '− lost first' : `− left top ${k}`),
    up: () => 'moved up',
    down: () => 'moved down',
    same: () => 'same rank',
  },
  searchLabel: 'Search the questions',
  rank: (before: string, after: string) => `Rank ${before} → ${after}`,
  notFound: 'not found',
  relevant: 'Right passage',
  score: 'score',
  scoreHead: 'score (cosine)',
  inBoth: (n: number) => `in both top ${n}`,
  rightBelow: (rank: string) => `The best right passage has rank ${rank}.`,
  rightMissing: 'No right passage is in the knowledge base.',
  noneMatch: 'No matching question.',
  range: (from: string, to: string, of: string) => `${from}–${to} of ${of}`,
  wonMeaning: (k: number) =>
    `Improved: a right passage is in the top ${k} after training and wasn’t before. Worse: the other way round. Up and down: the rank changed without crossing that line. Sorted by how many times higher the right passage ranks.`,
};
