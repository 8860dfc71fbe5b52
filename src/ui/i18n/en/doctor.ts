import type { RateFacts, RowsByData, TextSide } from '../../../domain/train/doctor/finding';
import type { FindingWords, FixWords } from '../doctorWords';
import { formatBytes, formatCount, formatPercent, formatRate } from '../format';
import { count } from './count';
import { importTexts } from './import';

const { poolings } = importTexts.model;
const sideNames: Record<TextSide, string> = { questions: 'questions', passages: 'passages' };

function parameters(n: number): string {
  const millions = n / 1e6;
  return `${millions < 10 ? millions.toFixed(1) : formatCount(millions)} million parameters`;
}

const higherRates: Record<Exclude<RateFacts['rateKind'], 'full'>, string> = {
  bitFit: 'Training only biases takes a much higher rate',
  lora: 'LoRA takes a higher rate',
  prefix: 'Training only new tokens takes a higher rate',
};

/** Writes which rate is usual for the model's size and the strategy, and why. */
function usualRate({ recommended, rateKind, parameters: n }: RateFacts): string {
  const rate = formatRate(recommended);
  return rateKind === 'full'
    ? `A model of ${parameters(n)} is usually trained with about ${rate}.`
    : `${higherRates[rateKind]} than training everything: about ${rate} for ${parameters(n)}.`;
}

/** Names the rows of a finding: pairs, scored pairs, or both. */
function rowsOf({ pairs, scored }: RowsByData): string {
  const parts = [pairs > 0 ? count(pairs, 'training pair') : '', scored > 0 ? count(scored, 'scored pair') : ''];
  return parts.filter(Boolean).join(' and ');
}
const isOne = ({ pairs, scored }: RowsByData): boolean => pairs + scored === 1;

const weight = (share: number): string =>
  share < 0.001 ? 'less than 0.1%' : formatPercent(share, share < 0.1 ? 1 : 0);

const findings: FindingWords = {
  smallBatch: {
    title: () => 'The batch is small',
    why: ({ batchSize, enough }) =>
      `Each question is compared with only ${count(batchSize - 1, 'negative')}. With ${enough - 1} or more, retrieval usually gets better.`,
  },
  fewDistinct: {
    title: ({ batchSize, distinct, of }) =>
      `Only ${count(distinct, `different ${of === 'passages' ? 'passage' : 'question'}`)} for a batch of ${batchSize}`,
    why: () => 'Every batch has some of them twice, so right answers count as negatives.',
  },
  duplicatePositives: {
    title: () => 'Right answers count as negatives',
    why: ({ repeated, share }) =>
      `${count(repeated, 'pair')} share a passage with another pair, so about ${formatPercent(share)} of the questions meet their own answer among the batch’s negatives.`,
  },
  temperatureLow: {
    title: ({ temperature }) => `A temperature of ${formatRate(temperature)} is very low`,
    why: ({ weight: share }) =>
      `A negative that scores 0.1 below the positive counts ${weight(share)} as much. Only the hardest negatives train the model then, and a wrong label weighs heavily. 0.01 to 0.1 is usual.`,
  },
  temperatureHigh: {
    title: ({ temperature }) => `A temperature of ${formatRate(temperature)} is high`,
    why: ({ weight: share }) =>
      `A negative that scores 0.1 below the positive still counts ${weight(share)} as much, so the model hardly learns to tell them apart. 0.01 to 0.1 is usual.`,
  },
  learningRateLow: {
    title: ({ learningRate }) => `A learning rate of ${formatRate(learningRate)} is low for this model`,
    why: (facts) => `${usualRate(facts)} With less, the model hardly changes.`,
  },
  learningRateHigh: {
    title: ({ learningRate }) => `A learning rate of ${formatRate(learningRate)} is too high for this model`,
    why: (facts) => `${usualRate(facts)} With more, it can forget what it knows.`,
  },
  truncated: {
    title: ({ side, truncated, texts }) =>
      `${formatPercent(truncated / Math.max(1, texts))} of the ${sideNames[side] ?? ''} are cut off`,
    why: ({ maxTokens, limit }) =>
      `Text after ${maxTokens} tokens is neither trained on nor searched.${
        maxTokens < limit ? '' : ' The model can’t read more: split long texts before you import them.'
      }`,
  },
  negativesAbove: {
    title: ({ above, of }) =>
      `${formatPercent(above / of)} of the mined negatives (${formatCount(above)} of ${formatCount(of)}) score above the positive`,
    why: () =>
      'By the scores of the model that mined them, they may be right answers. Training pushes the question away from them, which makes retrieval worse.',
  },
  nearDuplicates: {
    title: (rows) => `${rowsOf(rows)} nearly ${isOne(rows) ? 'repeats' : 'repeat'} a test question`,
    why: () => 'The test would look better than the search will be.',
  },
  listedLeaks: {
    title: ({ pairs }) => `${count(pairs, 'pair')} ${pairs === 1 ? 'repeats' : 'repeat'} a dev or test question`,
    why: () => 'The batch list trains on them, so the results would look better than the search will be.',
  },
  pooling: {
    title: ({ pooling }) => `Pooling “${poolings[pooling]}” doesn’t suit this model`,
    why: ({ usual, by }) =>
      `${by === 'model' ? 'The model’s folder states' : 'The model’s authors use'} “${poolings[usual]}”. The wrong pooling costs several points, and no error shows it.`,
  },
  prefixes: {
    title: () => 'The prefixes differ from the model’s own',
    why: ({ usualQuery, usualPassage, by }) =>
      `${by === 'model' ? 'The model’s folder states' : 'The model’s authors add'} ${quoted(usualQuery)} for questions and ${quoted(usualPassage)} for passages.`,
  },
  promptMismatch: {
    title: ({ training, evaluation, side }) =>
      training > evaluation
        ? `The ${sideNames[side] ?? ''} have a prefix in training, but not in the test`
        : `The ${sideNames[side] ?? ''} have a prefix in the test, but not in training`,
    why: ({ prompt, training, evaluation }) =>
      `“${prompt}” begins ${formatPercent(training, 0)} of the texts in training and ${formatPercent(evaluation, 0)} in the test. Remove it from the files and set it as the model’s prefix instead.`,
  },
  promptTwice: {
    title: ({ side }) => `The prefix of the ${sideNames[side] ?? ''} is added twice`,
    why: ({ prompt, share }) => `${formatPercent(share, 0)} of them already begin with “${prompt}” in the file.`,
  },
  fewSteps: {
    title: ({ steps }) => `Only ${count(steps, 'step')}`,
    why: ({ enough, pairs }) =>
      `In fewer than ${enough} steps the model hardly changes. ${count(pairs, 'pair')} ${pairs === 1 ? 'needs' : 'need'} more epochs.`,
  },
  manyEpochs: {
    title: ({ epochs, pairs }) => `${count(epochs, 'epoch')} is a lot for ${count(pairs, 'pair')}`,
    why: ({ most }) => `After about ${count(most, 'epoch')}, a model tends to learn the pairs by heart.`,
  },
  devTakesLong: {
    title: ({ share }) => `Dev evaluations take about ${formatPercent(share, 0)} of the training’s time`,
    why: ({ passages, sample, limit }) =>
      `Each one encodes all ${formatCount(passages)} passages. A sample of ${formatCount(sample)} with all right answers is enough to choose a step, and takes at most ${formatPercent(limit, 0)}.`,
  },
  devAboveLimit: {
    title: ({ share, limit }) =>
      `Dev evaluations take about ${formatPercent(share, 0)} of the time, above your limit of ${formatPercent(limit, 0)}`,
    why: ({ passages }) =>
      `They already use only ${count(passages, 'passage')}, and fewer evaluations would show no trend. Use fewer dev questions or train longer to stay within the limit.`,
  },
  emaTooSlow: {
    title: ({ decay, steps }) => `An average with decay ${decay} is too slow for ${count(steps, 'step')}`,
    why: ({ initial }) =>
      `At the end of the stage, ${formatPercent(initial, 0)} of it would still be the weights that the stage began with.`,
  },
  teacherIsBase: {
    title: () => 'The teacher is the base model itself',
    why: () =>
      'The model being trained starts with the teacher’s scores, so there is nothing to learn from it. Choose a stronger model as the teacher.',
  },
  guideIsBase: {
    title: () => 'The guide model is the base model itself',
    why: () =>
      'It marks the same false negatives as the model being trained does at the start, and does not learn to mark others. A guide helps only if it is stronger; otherwise use the model’s own scores, which saves encoding all texts a second time.',
  },
  memoryShort: {
    title: ({ neededBytes, limitBytes }) =>
      `The run needs ${bytes(neededBytes)}, but only ${bytes(limitBytes)} are available`,
    why: () => 'The memory panel lists settings that fit.',
  },
  chunkedSteps: {
    title: () => 'Each step encodes its batch twice',
    why: ({ maxTokens, shorter }) =>
      `With texts of ${maxTokens} tokens, the batch doesn’t fit in memory at once. 99% of the texts have at most ${shorter} tokens.`,
  },
};

function quoted(prefix: string): string {
  return prefix === '' ? 'nothing' : `“${prefix}”`;
}

const bytes = (n: number): string => (Number.isFinite(n) ? formatBytes(n) : '–');

const fixes: FixWords = {
  batchSize: ({ value, bytes: needed }) =>
    `Set the batch size to ${value}${needed === undefined ? '' : `, which needs ${formatBytes(needed)}`}`,
  mostBatchSize: ({ value }) => `Set the batch size to ${value}`,
  precision: () => 'Use mixed precision',
  strategy: ({ value, bytes: needed }) =>
    `${value === 'lora' ? 'Train only adapters (LoRA), in full precision' : 'Train only the biases'}, which needs ${bytes(needed)}`,
  temperature: ({ value }) => `Set the temperature to ${formatRate(value)}`,
  learningRate: ({ value }) => `Set the learning rate to ${formatRate(value)}`,
  epochs: ({ value }) => `Train for ${count(value, 'epoch')}`,
  maxTokens: ({ value }) => `Set the limit to ${value} tokens`,
  devTimeShare: ({ value }) => `Limit dev to ${formatPercent(value, 0)} of the time`,
  emaDecay: ({ value }) => `Set the decay to ${value}`,
  negativesMargin: ({ value }) => `Leave out negatives by a relative margin of ${value}`,
  ownScores: () => 'Use the trained model’s own scores',
  loss: () => 'Train with in-batch InfoNCE',
  avoidDuplicates: () => 'Keep equal passages out of a batch',
  removeNearDuplicates: () => 'Remove them from training',
  pooling: ({ value }) => `Use “${poolings[value]}”`,
  prefixes: ({ queryPrefix, passagePrefix }) =>
    queryPrefix === '' && passagePrefix === '' ? 'Add no prefixes' : 'Change the prefixes',
};

export const doctorTexts = {
  title: 'Data and settings',
  checking: 'Checking…',
  fine: 'Checked: nothing needs a change.',
  summary: (findings_: number, stopping: number) =>
    stopping > 0
      ? `A run can’t start yet: ${count(stopping, 'finding')} to fix first.`
      : `${count(findings_, 'suggestion')}. You can also train without ${findings_ === 1 ? 'it' : 'them'}.`,
  severities: { stops: 'Stops the run', warns: 'Warning', advises: 'Advice' },
  applied: (fix: string) => `Done: ${fix}.`,
  ofStage: (stage: number, title: string) => `Stage ${stage}: ${title}`,
  toReason: 'See why',
  toMemory: 'Go to the memory',
  toImport: 'Go to the import',
  toSplit: 'See the pairs',
  usual: {
    title: 'Usual settings for this model and data',
    learningRate: usualRate,
    batchSize: (value: number, pairs: number) =>
      `A batch of ${value}: as many negatives as possible, while ${count(pairs, 'pair')} still make enough steps.`,
    epochs: (value: number, pairs: number) =>
      `${count(value, 'epoch')} for ${count(pairs, 'pair')}: the less data, the more often it has to be seen.`,
    use: 'Use these settings',
    inUse: 'These are your settings.',
  },
  findings,
  fixes,
};
