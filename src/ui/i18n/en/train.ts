import { formatCount, formatFigure } from '../format';
import { alarmTexts } from './alarms';
import { batchViewTexts } from './batchView';
import { consequenceTexts } from './consequences';
import { devScoreTexts } from './devScores';
import { hardestPairTexts } from './hardestPairs';
import { count } from './count';
import { lossTexts } from './losses';
import { memoryPlanTexts } from './memoryPlan';
import { runSentenceTexts } from './runSentence';

export const trainTexts = {
  start: 'Start training',
  pause: 'Pause',
  continue: 'Continue',
  resume: 'Resume',
  cancel: 'Cancel the run',
  cancelAsk: 'Cancel this run? Its curves are kept, but you can’t resume it afterwards.',
  again: 'Train again',
  deviceChanged: (step: number) =>
    `After step ${step}, the run continued on another device or program version. The result is valid, but not bit-identical to a run on one device.`,
  buildChanged: (step: number, build: string) =>
    `After step ${step}, the run continued with another version of the program (${build}). The result is valid, but may differ in its bits from a run with one version.`,
  stoppedEarly: (step: string, evaluations: number, best: string, rate: string | null) =>
    `Stopped early after step ${step}: ${count(evaluations, 'dev evaluation')} in a row brought nothing better than step ${best}.${
      rate === null ? '' : ` The learning rate was ${rate} then; its schedule spans all steps.`
    }`,
  deviceLosses: (n: number) =>
    n === 1
      ? 'The GPU was lost once and opened again; the run resumed from its last checkpoint, or from its start if it had none.'
      : `The GPU was lost ${formatCount(n)} times and opened again; each time, the run resumed from its last checkpoint, or from its start if it had none.`,
  deviceGivenUp: (n: number) =>
    n === 1
      ? 'The GPU was lost and could not be opened again.'
      : `The GPU was lost ${formatCount(n)} times and was not opened again after the last time.`,
  sentence: runSentenceTexts,
  alarms: alarmTexts,
  devScores: devScoreTexts,
  hardestPairs: hardestPairTexts,
  foot: {
    ready: 'Ready',
    readyText: 'The test questions are evaluated automatically before and after training.',
    running: 'The evaluation follows automatically',
    runningText: 'You can look at other screens: the bar at the bottom of each one shows the progress.',
    done: 'Training is done',
    doneText: 'Next, see which questions improved and which got worse.',
    refused: 'A run can’t start with these settings',
    again: 'You can train again',
    paused: 'The run is paused',
    pausedText: 'It waits until you continue.',
    stopped: 'The run isn’t finished',
    startNew: 'Start a new run',
    startNewText: 'A new run would start from the base model with the current settings.',
    againText: 'A new run starts from the base model with the current settings.',
  },
  trend: {
    tooEarly: 'Dev and loss',
    improving: (step: string, over: boolean) =>
      over ? `Still improving at the end: step ${step} is best` : `Still improving: step ${step} is best so far`,
    levelled: (step: string) => `No improvement after step ${step}`,
    noGain: (over: boolean): string =>
      over ? 'No better than before training' : 'So far no better than before training',
  },
  firstRight: 'Ranked first',
  firstTen: 'In the first 10',
  questionsOf: (n: number, of: number) => `${formatCount(n)} of ${formatCount(of)}`,
  questionsFromTo: (from: number, to: number) => `${formatCount(from)} → ${formatCount(to)}`,
  lossPanel: 'Loss (thick: smoothed, thin: each step)',
  smoothLoss: 'Loss, smoothed',
  best: (over: boolean): string => (over ? 'best' : 'best so far'),
  endStep: (steps: number) => count(steps, 'step'),
  readout: (step: string, loss: string, smooth: string) => `Step ${step}: loss ${loss}, smoothed ${smooth}`,
  readoutDev: (step: string, first: number, ten: number, of: number) =>
    `dev at step ${step}: first result is right for ${formatCount(first)}, in the first 10 for ${formatCount(ten)} of ${formatCount(of)}`,
  scoreGap: (now: number, start: number | null) => {
    const side = (gap: number): string => (gap < 0 ? 'below' : 'above');
    const by = (gap: number): string => `by ${formatFigure(Math.abs(gap))}`;
    const atStart = start === null ? '' : `; at the start, ${side(start)} ${by(start)}`;
    return `Positives score ${side(now)} negatives ${by(now)}${atStart}`;
  },
  scoreGapHelp: 'Mean score of the batch at each step.',
  moreFigures: 'More figures per step',
  nextSettings: 'Settings for the next run',
  advanced: 'Advanced settings',
  advancedCount: (all: number, changed: number) =>
    changed === 0 ? `${all}, all at their defaults` : `${all}, ${changed} changed`,
  presets: {
    label: 'Preset',
    names: { quick: 'Quick try', standard: 'Standard', thorough: 'Thorough' },
    epochs: (n: number) => count(n, 'epoch'),
    steps: (n: number, atMost: boolean) => `, ${atMost ? 'at most ' : ''}${count(n, 'step')}`,
    notes: {
      quick: '. Shows whether the data works.',
      standard: '. Keeps the step that does best on dev.',
      thorough: '. Takes the longest; keeps the best step on dev.',
    },
  },
  consequences: consequenceTexts,
  picture: 'Dev hit rates and loss over the steps',
  loss: 'Loss',
  step: 'Step',
  learningRate: 'Learning rate',
  gradientNorm: 'Gradient norm',
  orderedShare: 'Share in the right order',
  inBatchAccuracy: 'In-batch accuracy',
  positiveScore: 'Positive score',
  negativeScore: 'Negative score',
  scores: 'Scores (+ and −)',
  tokensPerSecond: 'Tokens per second',
  memory: 'Memory in use',
  stepMs: 'Time per step',
  timeLeft: 'Time left',
  epoch: 'Epoch',
  skippedSteps: 'Skipped steps',
  skippedHelp:
    'The gradients overflowed in half precision, so the weights stayed as they were and the loss scale was halved. A few such steps are normal.',
  device: 'Device',
  waiting: 'The chart starts after the first step.',
  settings: 'Settings',
  settingsOf: (stage: number) => `Settings of stage ${stage}`,
  groups: {
    data: 'Batches and duration',
    loss: 'Loss',
    optimizer: 'Optimizer',
    evaluation: 'Evaluation and checkpoints',
  },
  fields: {
    ...lossTexts.fields,
    learningRate: 'Learning rate',
    data: 'Train on',
    temperature: 'Temperature τ',
    loss: 'Loss',
    directions: 'Directions',
    softmax: 'Softmax',
    sameSide: 'Also push apart',
    contrast: 'Passages compared',
    hardness: 'Hardness weighting',
    hardnessStrength: 'Hardness strength α',
    knownAnswers: 'Leave out known answers',
    byScore: 'Leave out by score',
    scoreMargin: 'Margin',
    guide: 'Guide model',
    matryoshka: 'Dimensions (Matryoshka)',
    batchSize: 'Batch size',
    accumulation: 'Batches per step',
    duration: 'Duration',
    unit: 'Unit',
    schedule: 'Schedule',
    warmupUnit: 'Warm-up',
    warmup: 'Warm-up share',
    warmupSteps: 'Warm-up steps',
    weightDecay: 'Weight decay',
    layerDecay: 'Layer-wise decay of the rate',
    emaDecay: 'Average of the weights (EMA)',
    clipNorm: 'Max. gradient norm',
    seed: 'Random seed',
    dropout: 'Dropout',
    dropoutRate: 'Dropout rate',
    precision: 'Precision',
    devEverySteps: 'Dev interval (steps)',
    devTimeShare: 'Time for dev, at most (share)',
    patience: 'Early stop (evaluations)',
    checkpoint: 'Step to keep',
    avoidDuplicates: 'No passage twice in a batch',
    beta1: 'Adam β₁',
    beta2: 'Adam β₂',
    epsilon: 'Adam ε',
    primary: 'Keep weights by',
    negatives: 'Negatives',
    negativesPerAnchor: 'Negatives per question',
  },
  help: {
    tokensPerSecond: 'Tokens of the last 20 steps, divided by the time of these steps. Padding doesn’t count.',
    stepMs: 'Time of the last step, without dev evaluations and checkpoints.',
    timeLeft:
      'The steps, dev evaluations and checkpoints that are left, and the evaluation after training, at the pace measured so far. Known after three steps.',
    learningRate: 'The peak learning rate. 2e-5 is usual for a base model, 2e-4 for a small one.',
    data: 'Pairs and scored pairs use different losses. Both sentences of a scored pair get the query prefix.',
    temperature:
      'Divides the scores in the loss: a smaller value puts more weight on the closest negatives. 0.05 and 0.02 are usual.',
    ...lossTexts.help,
    scoredLoss:
      'CoSENT compares the scores of all pairs in a batch with each other: the higher score should have the higher cosine. AnglE does the same with angles instead of cosines. Cosine MSE makes each cosine equal to its score, which must be from −1 to 1.',
    directions:
      'One way: each question searches the passages. Both ways: each passage also searches the questions, and the two losses are averaged.',
    softmax:
      'Each direction on its own, then averaged; or one softmax over both, whose denominator sums the scores of both directions.',
    sameSide:
      'Also pushes apart the batch’s questions, its passages, or both. All scores then share one softmax; with both ways and both sides, this is the loss of GTE.',
    contrast:
      'All of the batch: the other questions’ passages are negatives, too (sentence-transformers, FlagEmbedding). Own positive and all explicit negatives: the triplet loss of uniem. Own only: the question’s own positive and negatives.',
    hardness:
      'Adds α times its score to each negative, so that hard negatives count more. Usual: α = 9 for the batch’s negatives, 5 for explicit ones.',
    hardnessStrength: 'The factor α: the larger it is, the more hard negatives count.',
    knownAnswers:
      'If another passage of the batch also answers the question according to the training pairs, it doesn’t count as a negative. Neither does a repeated passage.',
    byScore:
      'Leaves out negatives that the guide model scores above the positive minus a margin: they may be right answers. Relative: the margin is a share of the positive’s score.',
    scoreMargin: 'With 0, only negatives that score above the positive are left out; a larger margin leaves out more.',
    guide:
      'Whose scores decide what may be a right answer. The model being trained judges by what it has learned so far; another stored model, frozen, doesn’t change (GIST) and encodes all training texts once before the run.',
    matryoshka:
      'Also trains the first dimensions of each vector, so that shortened vectors can be searched. Dimensions separated by commas; a weight follows a colon, as in 256:0.5. The losses are added up.',
    batchSize:
      'Each question is compared with batch size − 1 negatives. Larger is usually better; a batch that doesn’t fit goes through the encoder in chunks.',
    accumulation:
      'Averages the gradients of this many batches before each step (gradient accumulation). Each question is still compared only with the negatives of its own batch: unlike a larger batch, this adds no negatives.',
    duration: 'How many times all pairs are seen, or how many steps the run takes.',
    schedule: 'How the learning rate falls after the warm-up.',
    warmupUnit: 'Whether the warm-up is a share of the stage’s steps or a number of steps.',
    warmup: 'Share of all steps during which the learning rate rises from 0.',
    warmupSteps:
      'Number of steps during which the learning rate rises from 0. The stage must have at least as many steps.',
    weightDecay: 'AdamW’s decoupled decay; not applied to biases and LayerNorm.',
    layerDecay:
      'Learning rate of each layer, as a share of that of the layer above; the embeddings come below the lowest layer. 1: the same everywhere. 0.9 is usual.',
    emaDecay:
      'Decay d of an exponential moving average of the weights, which reaches back about 1/(1 − d) steps. The stage is evaluated on dev with the averaged weights and ends with them. 0 averages nothing; 0.99 is usual for a few hundred steps.',
    clipNorm: 'All gradients together are scaled down to this L2 norm; 0 turns clipping off.',
    seed: 'Decides the shuffle, the held-out pairs and dropout. The same seed, data and device give the same bits.',
    dropout:
      'Sets random activations to 0 during training. Off by default, which keeps runs comparable. “As in the model” takes the rates from its config.json.',
    dropoutRate: 'Share of activations set to 0; the same for embeddings, attention and layer outputs.',
    precision:
      'Mixed stores activations in half precision, which takes about half the memory. It needs shader-f16, and the results differ slightly. With matrix units, products are several times faster, but browsers offer them only as an experiment behind a flag, and the sums are rounded in another order.',
    devEverySteps:
      'Steps between two dev evaluations; 0 evaluates only before and after training. Each one encodes the whole knowledge base, unless its time is limited.',
    devTimeShare:
      'Limits dev evaluations to this share of the time they take together with training; 0 sets no limit. Dev is then evaluated on a seeded sample of the knowledge base with all right answers, and less often if even a small sample takes too long. The evaluations before and after training use the whole knowledge base.',
    patience:
      'Ends the run after this many dev evaluations in a row without a new best by the metric that keeps weights; 0 never stops. The schedule still spans all steps, so the learning rate has not reached its lowest value by then.',
    checkpoint: 'Keep the step that does best on dev, or the last step.',
    avoidDuplicates: 'A passage that is in a batch twice would be its own negative.',
    beta1: 'Decay of the running mean of the gradients.',
    beta2: 'Decay of the running mean of the squared gradients.',
    epsilon: 'Avoids division by 0.',
    primary: 'The best step on dev is chosen by this metric. Fix it before the run.',
    negatives:
      'Each question always has the other passages of its batch as negatives. Here you can add explicit ones; passages that may answer the question are left out.',
    negativesPerAnchor: 'How many negatives each pair adds. Each one takes as much time and memory as a positive.',
  },
  options: {
    full: 'Full (float32)',
    mixed: 'Mixed (float16)',
    'mixed-matrices': 'Mixed, on matrix units',
    noDropout: 'off',
    asModel: 'as in the model',
    ownRate: 'own rate',
    ...lossTexts.options,
    epochs: 'epochs',
    steps: 'steps',
    linear: 'linear to 0',
    cosine: 'cosine to 0',
    constant: 'constant',
    pairs: 'pairs',
    scoredPairs: 'scored pairs',
    warmupShare: 'share of the steps',
    warmupCount: 'number of steps',
    bestDev: 'the best on dev',
    last: 'the last one',
  },
  invalid: (low: string, high: string) => `Enter a number from ${low} to ${high}.`,
  invalidPrefixes: (largest: string) =>
    `Enter up to 16 different dimensions from 1 to ${largest}; weights from 0.001 to 1000.`,
  prefixesWithoutAll: (all: string) => `The whole vector (${all}) isn’t among them, so it isn’t trained.`,
  invalidInteger: (low: string, high: string) => `Enter a whole number from ${low} to ${high}.`,
  listed: 'The experiment file lists the batch order; nothing is drawn at random.',
  memoryPlan: memoryPlanTexts,
  storageNeed: (bytes: string, room: string) =>
    `The run’s checkpoints need up to ${bytes} of disk space; the browser allows this page ${room} more.`,
  storageNeedOnly: (bytes: string) => `The run’s checkpoints need up to ${bytes} of disk space.`,
  storageTight: (bytes: string, room: string) =>
    `The run’s checkpoints need up to ${bytes} of disk space, but the browser allows this page only ${room} more, so a run can’t start. Make room first.`,
  batchView: batchViewTexts,
  runs: 'Runs of this experiment',
  runsNone: 'No run yet.',
  state: 'Status',
  steps: 'Steps',
  keptStep: 'Weights kept from step',
  when: 'Started',
  missing: (names: string) => `Still missing: ${names}.`,
  goImport: 'Go to import',
  gpuBytes: 'Memory in use, as the backend counts it',
};
