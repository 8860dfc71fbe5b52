import { formatCount } from '../format';
import { count } from './count';

export const resultReportTexts = {
  save: 'Save as a report',
  saveHelp:
    'One page for the person who decides: what was trained on what, before and after with intervals, questions that improved and got worse, and the risks that were found. HTML without scripts, for reading and printing; Markdown; or Excel with every question.',
  formats: { html: 'HTML', markdown: 'Markdown', xlsx: 'Excel' },
  writing: 'Writing the report…',
  subtitle: (date: string, build: string) => `${date} · Recallsmith ${build}`,
  scope: (questions: number, part: 'dev' | 'test', passages: number) =>
    `${count(questions, `${part} question`)}, searched in a knowledge base of ${count(passages, 'passage')}.`,
  leftOut: (n: number) =>
    `${count(n, 'question')} left out: no right passage in the knowledge base, or also in the other part.`,
  before: 'before training',
  after: 'after training',
  trained: {
    title: 'What was trained on what',
    model: 'Base model',
    stage: (n: number) => `Training, stage ${n}`,
    only: 'Training',
    data: 'Data',
    pairs: 'Trained on',
    pairCount: (n: number) => count(n, 'pair'),
    steps: 'Weights kept',
    keptOf: (step: number, steps: number) => `from step ${formatCount(step)} of ${formatCount(steps)}`,
    device: 'Device',
    experiment: 'Experiment',
    weights: 'Weights',
  },
  models: {
    title: 'What was compared',
    model: 'Model',
    weights: 'Weights',
    settings: 'Encodes with',
    size: 'Size',
    speed: 'Passages/s',
    keywords: 'no model',
  },
  figures: {
    title: 'Figures',
    charts: 'Questions with a right passage in the top k',
    chartCaption: 'Share of the questions. Vertical lines are 95% Wilson intervals.',
    rankCaption:
      'One stroke per question: the dot is the rank with the better model, the other end the rank with the baseline. Above the dashed line are the top results that count. Ranks are on a log scale.',
    metric: 'Metric',
    difference: (name: string) => `Compared with ${name}`,
    columns: {
      model: 'Model',
      change: (k: number) => `Hit rate@${k}, points`,
      improved: 'Improved',
      worse: 'Worse',
      p: 'p',
      verdict: 'Verdict',
    },
    verdicts: { better: 'better', worse: 'worse', noDifferenceShown: 'no difference shown' },
    range: (value: string, low: string, high: string) => `${value} (${low} to ${high})`,
  },
  won: {
    title: (n: number) => `Questions that improved: ${formatCount(n)}`,
    none: 'No question improved at this cut-off.',
  },
  lost: {
    title: (n: number) => `Questions that got worse: ${formatCount(n)}`,
    none: 'No question got worse at this cut-off.',
  },
  shownOf: (shown: number, of: number) => `The ${formatCount(shown)} with the largest changes, of ${formatCount(of)}:`,
  example: {
    right: 'Right passage',
    first: (name: string) => `First with ${name}`,
    unknown: 'not stored',
  },
  labels: {
    text: (changes: number, questions: number) =>
      `After results were seen, ${count(changes, 'label')} of ${count(questions, 'question')} changed. All other figures of this report are by the imported labels.`,
    recorded: 'imported labels',
  },
  threshold: {
    title: 'Threshold',
    text: 'Below its threshold, a search answers “nothing found”. It was chosen on dev.',
    rule: 'Chosen by',
    value: 'Threshold',
    dev: 'On dev',
    test: 'On test',
    figures: (answered: number, of: number, right: number) =>
      `${formatCount(answered)} of ${formatCount(of)} answered, ${formatCount(right)} rightly`,
  },
  risks: {
    title: 'Risks',
    none: 'The checks before the run found nothing.',
    unknown: 'The checks before the run are not known: data or model are no longer stored.',
    fix: (fix: string) => `To fix it: ${fix}.`,
    small: (questions: number) =>
      `Only ${count(questions, 'question')}: the intervals are wide, and a difference of a few questions may be chance.`,
    testUses: (n: number) =>
      `The test questions have been used ${n === 1 ? 'once' : n === 2 ? 'twice' : `${formatCount(n)} times`} in this experiment. The more often settings are chosen by looking at them, the less they are a test.`,
    failed: {
      questions: (name: string, reason: string) => `Not evaluated: ${name}. ${reason}`,
      pairs: (name: string, reason: string) => `Scored pairs not compared: ${name}. ${reason}`,
      probe: (name: string, reason: string) => `General ability not measured: ${name}. ${reason}`,
    },
    keywords: (name: string) =>
      `Keyword search (BM25) answers at least as many questions as “${name}” and needs no model.`,
  },
  severalRuns: {
    best: (settings: string, metric: string, value: string) =>
      `Best on dev: ${settings}, with ${metric} ${value} on average`,
    noBest: 'No combination is better on dev than all others',
    asSet: 'the settings as they are',
    chance: {
      apart: 'Its interval over seeds lies above that of every other combination with a score.',
      overlap:
        'Its interval over seeds overlaps with that of another combination, so the seed may explain the difference.',
      none: 'No combination has a score.',
      alone: 'Only one combination has a score.',
      tie: 'Several combinations share the highest mean.',
      unknown: 'Without at least two seeds for each combination, the choice of the seed may explain the difference.',
    },
    devOnly: (questions: number) =>
      `${count(questions, 'dev question')}. Test was not used, so it can still judge the settings that are chosen.`,
    unscored: (n: number, of: number) => `${formatCount(n)} of ${count(of, 'run')} have no score.`,
    combinations: 'Combinations',
    runs: 'Runs',
    done: 'Done',
    notStarted: 'not started',
    state: 'State',
    before: 'Before training',
    score: 'After training',
    steps: 'Weights from step',
    keptStep: 'Weights from step',
    planned: 'Steps',
    low: '95% interval, from',
    high: '95% interval, to',
    negatives: 'Negatives',
    change: 'Change',
    verdict: 'Verdict',
    question: 'Question (beginning)',
    rank: (negatives: string) => `Rank, ${negatives}`,
    noTexts: 'All figures are on dev. This file makes no requests and runs no scripts.',
  },
  notes: {
    intervals:
      'Intervals are 95%: Wilson for hit rates, bootstrap over questions for other metrics. p: McNemar’s exact test for hit rates, corrected by Holm if several models are compared. Below 0.05, chance is an unlikely explanation.',
    metrics:
      'Hit rate@k: share of questions with a right passage in the top k. MRR@10: mean of 1 / rank of the first right passage. nDCG@10: discounted gain over the best possible one. MAP@100: mean precision at the ranks of the right passages.',
    privacy: 'This file has questions and passages of your knowledge base. It makes no requests and runs no scripts.',
  },
  sheet: {
    questions: 'Questions',
    metrics: 'Metrics',
    id: 'id',
    question: 'Question',
    topic: 'Topic',
    relevant: 'Ids of right passages',
    decisions: 'Label decisions',
    number: 'Number',
    decision: 'Decision',
    passage: 'Right passage',
    rank: 'Rank',
    score: 'Score',
    cutMark: '… [cut: Excel allows 32,767 characters in a cell]',
    cutNote: 'Texts cut at Excel’s limit of 32,767 characters in a cell: ',
    replacedNote: 'Texts with control characters, which Excel can’t hold and which were replaced by □: ',
  },
};
