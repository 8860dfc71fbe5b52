import { formatCount } from '../format';
import { count } from './count';

export const compareTexts = {
  title: 'Compare models',
  back: 'Back to the experiment',
  sizes: (questions: number, part: 'dev' | 'test', passages: number) =>
    `${count(questions, `${part} question`)}, ${count(passages, 'passage')}`,
  leftOut: (n: number) =>
    `${count(n, 'question')} of the file left out: no right passage in the knowledge base, or also a test question.`,
  part: 'Questions',
  parts: { dev: 'Dev', test: 'Test' },
  partHelp:
    'Compare on dev as often as you like. The more often you choose by looking at test, the less it is a test, so every model compared on it is counted.',
  testUses: (n: number) =>
    n === 0
      ? 'No model has been compared on the test questions yet.'
      : `${count(n, 'model')} compared on the test questions of this experiment so far.`,
  otherK: 'Other',
  otherKLabel: 'Other cut-off',
  beyond: (passages: number) =>
    `The knowledge base has only ${count(passages, 'passage')}, so every passage is in the top k.`,
  choose: 'Models to compare',
  chosen: (n: number) => `${formatCount(n)} chosen`,
  chooseHelp:
    'Each model encodes with the pooling, prompts and maximum length shown below its name. Vectors are kept, so a later comparison encodes only new questions.',
  alsoFused: '+ BM25',
  fuseLabel: (name: string) => `Fuse ${name} with the keyword search`,
  noModels: 'No model is stored. Import one, then compare it.',
  keywords: 'BM25',
  keywordsDetail: 'keyword search over pairs of characters',
  numbered: (name: string, n: number) => `${name} (no. ${n})`,
  fused: (name: string) => `${name} + BM25`,
  untrained: 'not fine-tuned',
  ownBase: 'not fine-tuned, this experiment’s base',
  trained: (date: string, step: number, steps: number) =>
    `run of ${date}, step ${formatCount(step)} of ${formatCount(steps)}`,
  bestStep: 'best on dev',
  lastStep: 'last step',
  ofExperiment: (name: string) => `from “${name}”`,
  settings: (pooling: string, maxTokens: number, prompts: string) =>
    `Pooling: ${pooling}; at most ${count(maxTokens, 'token')}; ${prompts === '' ? 'no prompts' : `prompts: ${prompts}`}`,
  onnx: {
    title: 'Add a model in ONNX format',
    help: 'transformers.js runs it on the processor of this computer. Choose a folder as it comes from a hub, with config.json, tokenizer.json and ONNX files, or download the model by its id.',
    folder: 'Open a model folder',
    reading: 'Reading the model…',
    noGraph: (folder: string) =>
      `There is no ONNX file in ${folder}. Choose the folder that has config.json and onnx/.`,
    graph: 'ONNX file',
    pooling: 'Pooling',
    asStated: 'as the files state',
    choosePooling: 'choose one',
    poolingMissing:
      'The files state no pooling. Choose the one that the model was trained with; its description says which.',
    poolingUsual: (pooling: string) => `The files state no pooling. This model’s authors use: ${pooling}.`,
    precisions: { fp32: 'float32', fp16: 'half precision', q8: '8 bits', q4: '4 bits' },
    add: (name: string) => `Add ${name}`,
    detail: 'ONNX, run by transformers.js',
  },
  blend: {
    title: 'Add a blend of a run with its base model',
    help: 'The weights are interpolated: 0 is the base model, 1 the tuned one.',
    run: 'Run',
    ratio: 'Share of the tuned weights',
    add: 'Add the blend',
    of: (ratio: string) => `blend, ${ratio} of the tuned weights`,
  },
  start: (n: number) => (n === 1 ? 'Compare 1 model' : `Compare ${formatCount(n)} models`),
  startOnTest: (n: number) => `Use test for ${count(n, 'model')}`,
  allDone: 'All chosen models are in the table.',
  nothingChosen: 'Choose at least one model.',
  cancelling: 'Cancelling…',
  modelOf: (at: number, of: number) => `Model ${formatCount(at)} of ${formatCount(of)}`,
  what: {
    load: 'preparing',
    passages: 'encoding passages',
    questions: 'encoding questions',
    search: 'searching',
    keywords: 'searching by keywords',
  },
  left: (duration: string) => `about ${duration} left for this step`,
  failed: 'Not compared',
  answer: {
    best: (k: number, name: string, hits: number, questions: number) =>
      k === 1
        ? `With ${name}, the right passage comes first for ${formatCount(hits)} of ${count(questions, 'question')}`
        : `With ${name}, a right passage is in the top ${k} for ${formatCount(hits)} of ${count(questions, 'question')}`,
    baseline: (name: string, hits: number) => `; with ${name}, for ${formatCount(hits)}`,
    only: 'Nothing to compare it with yet. Choose another model.',
    baselineBest: (name: string) => `No model in the table has more than the baseline, ${name}.`,
    counts: (won: number, lost: number) => `${count(won, 'question')} improved, ${formatCount(lost)} got worse`,
    shown: (p: string) => `: better, ${p}.`,
    notShown: (p: string) => `: no difference shown, ${p}.`,
    few: (questions: number, needed: string) =>
      ` ${count(questions, 'question')} are too few to be sure; about ${needed} would do.`,
    corrected: (n: number) => `Corrected for ${count(n, 'comparison')}.`,
  },
  needHelp:
    'How many questions McNemar’s test would need to find a difference of this size with a probability of 80% (Connor 1987), if the shares of better and worse questions stay as they are.',
  metric: 'Metric',
  metrics: {
    hitRate: (k: number) => `Hit rate@${k}`,
    recall: (k: number) => `Recall@${k}`,
    precision: (k: number) => `Precision@${k}`,
    mrr: (k: number) => `MRR@${k}`,
    ndcg: (k: number) => `nDCG@${k}`,
    map: (k: number) => `MAP@${k}`,
  },
  define: {
    hitRate: 'Share of questions with at least one right passage in the top k.',
    recall: 'Share of a question’s right passages that are in the top k, averaged over all questions.',
    precision: 'Share of the top k that are right passages, averaged over all questions.',
    mrr: 'Mean of 1 / rank of the first right passage; 0 if it isn’t in the top 10.',
    ndcg: 'Discounted gain of the right passages in the top 10, divided by the best possible value.',
    map: 'Mean of the precisions at the ranks of the right passages in the top 100.',
  },
  table: {
    model: 'Model',
    hits: 'Right',
    value: 'Value',
    interval: '95% interval',
    changed: 'Worse, better',
    difference: 'Against the baseline',
    speed: 'Passages/s',
    size: 'Size',
    baseline: 'baseline',
    pin: (name: string) => `Make ${name} the baseline`,
    sort: (name: string) => `Sort by ${name}`,
    dimension: (n: number) => count(n, 'dimension'),
    reused: 'kept',
    questions: (difference: string) => `${difference}`,
    notShown: 'no difference shown',
  },
  note: (comparisons: number) =>
    `Intervals: Wilson for hit rates, bootstrap for other metrics. p: McNemar’s exact test for hit rates, the paired bootstrap for other metrics, corrected by Holm for ${count(comparisons, 'comparison')}. Speed includes passages encoded on this device only; “kept” means that stored vectors were used.`,
  fusionNote:
    'A model + BM25 fuses the first 100 passages of both rankings: each scores the sum of 1 / (60 + rank) (reciprocal rank fusion).',
  all: 'All metrics',
  chartCaption: 'Share of the questions. Whiskers are 95% Wilson intervals. The numbers are those of the table.',
  tooMany: (shown: number, of: number) =>
    `Only ${formatCount(shown)} of ${count(of, 'model')} are drawn, the first ones of the table.`,
  questions: {
    title: 'Question by question',
    before: 'Left',
    after: 'Right',
    help: (before: string, after: string, k: number) =>
      `Improved: a right passage is in the top ${k} only with ${after}. Worse: only with ${before}. Sorted by how many times higher the right passage ranks with ${after}.`,
  },
  probe: {
    column: 'General ability',
    help: (questions: number, k: number) =>
      `General ability: share of ${count(questions, 'question')} outside your field that ${k === 1 ? 'have the right passage first' : `have a right passage in the top ${k}`}, with its 95% Wilson interval. The questions are in Chinese and part of the program. Compared with the baseline by McNemar’s exact test, corrected by Holm.`,
    done: 'General ability is measured for all models shown.',
    measure: (n: number) => `Measure general ability of ${count(n, 'model')}`,
    change: (won: number, lost: number) => `+${formatCount(won)} −${formatCount(lost)}`,
  },
  pairs: {
    title: 'Scored pairs',
    none: 'no pairs yet',
    size: (pairs: number, name: string) => `${count(pairs, 'pair')} from ${name}`,
    help: 'Two sentences and a score of how alike they are. A good model gives alike sentences high cosines: the closer its order is to that of the scores, the closer Spearman’s correlation is to 1. Pearson’s asks for a straight line too.',
    noPairs:
      'Import a file with two sentences and a score in each row, as CSV, JSONL or Excel. Nothing is trained on it, and it is neither dev nor test.',
    trains: 'The experiment’s own scored pairs are trained on, so they would say nothing. Import others.',
    choose: 'Import scored pairs',
    replace: 'Compare on another file',
    reading: 'Reading the pairs…',
    notSaved:
      'These pairs are not compared on: the experiment was changed in another tab meanwhile or could not be saved. Import the file again.',
    trainedOn: (n: number) =>
      `${count(n, 'pair')} left out for all models, because training uses the same two sentences.`,
    unchecked: (n: number) =>
      `The training data of ${count(n, 'run')} is gone, so whether it had some of these pairs can’t be checked.`,
    tooFew: 'All pairs are also training pairs, so none are left to compare on.',
    measure: (n: number) => `Score the pairs with ${count(n, 'model')}`,
    done: 'All chosen models have scored the pairs.',
    noFused: 'Fused rankings rank passages and give no score to a pair, so they are not listed.',
    best: (name: string, value: string, pairs: number) =>
      `${name} follows the scores of ${count(pairs, 'pair')} best: Spearman ${value}`,
    only: (name: string, value: string, pairs: number) => `${name} on ${count(pairs, 'pair')}: Spearman ${value}`,
    against: (name: string, value: string) => `; ${name}, the baseline, ${value}`,
    better: (p: string) => `. Better than the baseline, ${p}.`,
    baselineBest: '. No model follows them better than the baseline.',
    notShown: (p: string) => `. No difference from the baseline shown, ${p}.`,
    untested: '. Too few pairs to compare with the baseline.',
    correlations: { spearman: 'Spearman', pearson: 'Pearson' },
    undefined: {
      tooFew: 'not defined: fewer than two pairs',
      equalLabels: 'not defined: all scores in the file are equal',
      equalScores: 'not defined: this model gives all pairs the same score',
    },
    range: (low: string, high: string) => `${low} to ${high}`,
    noInterval: 'too few pairs for an interval',
    note: (n: number) =>
      `Cosines of both sentences, encoded with the question prompt as in training. BM25: the second sentence’s score for the first. Intervals and p by the bootstrap over pairs, 2,000 resamples, corrected by Holm for ${count(n, 'comparison')}.`,
    otherPairs: (folder: string) => `The results in ${folder} are on other pairs and are not compared here.`,
    save: 'Save as CSV',
  },
  saveTable: 'Save the table',
  saveQuestions: 'Save the questions',
};
