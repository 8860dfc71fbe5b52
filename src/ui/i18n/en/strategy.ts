import { formatCount } from '../format';
import { count } from './count';

export const strategyTexts = {
  title: 'What is trained',
  presets: {
    label: 'Strategy preset',
    names: {
      full: 'Full',
      bitFit: 'BitFit',
      lora: 'LoRA for small data',
      fullThenBitFit: 'Warm up full, then BitFit',
      fullThenPrefix: 'Warm up full, then prefix',
    },
    notes: {
      full: 'Trains every weight. Works best if there is enough data and memory.',
      bitFit:
        'Trains only the biases, at a much higher learning rate. Overfits less on little data, and needs far less memory.',
      lora: 'Trains small matrices beside the weights, at ten times the learning rate. Changes the model less, so it overfits less on little data, and needs far less memory.',
      fullThenBitFit: 'Two stages: all weights adapt to the task first; then only the biases, which overfits less.',
      fullThenPrefix:
        'Two stages: all weights adapt to the task first; then only 8 new tokens before each query, so the passages’ vectors stay as they are.',
    },
  },
  stages: 'Stages',
  stage: (n: number) => `Stage ${n}`,
  allStages: 'For all stages',
  kinds: { full: 'Full', bitFit: 'BitFit', lora: 'LoRA', prefix: 'Prefix' },
  byKeywords: (kind: string, keywords: string) => `${kind} (${keywords})`,
  frozen: (embeddings: boolean, layers: number) => {
    const lowest = layers === 1 ? 'lowest layer' : `lowest ${formatCount(layers)} layers`;
    return `${[...(embeddings ? ['embeddings'] : []), ...(layers > 0 ? [lowest] : [])].join(' and ')} frozen`;
  },
  atStage: (n: number, of: number) => `Stage ${n} of ${of}`,
  add: 'Add a stage',
  duplicate: 'Duplicate',
  remove: 'Remove',
  earlier: 'Earlier',
  later: 'Later',
  actions: (n: number) => `Change the order of stage ${n}, or copy or remove it`,
  strategy: 'Strategy',
  strategyHelp:
    'Full trains every weight. BitFit trains only the parameters whose names contain one of the keywords; the others keep every bit. LoRA trains two small matrices beside each chosen matrix, and adds their product to it at the end of the stage. Prefix trains only the embeddings of new special tokens, which are put before texts.',
  options: { full: 'Full', bitFit: 'BitFit (by keyword)', lora: 'LoRA (adapters)', prefix: 'Prefix (new tokens)' },
  keywords: 'Keywords',
  keywordsHelp:
    'Separated by commas. A parameter is trained if its name contains one of them, such as bias or layer.11.',
  keywordsInvalid: (word: string) => `No parameter name contains “${word}”.`,
  keywordsNone: 'Enter at least one keyword.',
  keywordsMany: (n: number) => `Enter at most ${count(n, 'keyword')}.`,
  frozenEmbeddings: 'Freeze the embeddings',
  frozenEmbeddingsHelp: 'The word, position and type embeddings and their LayerNorm stay as they are.',
  frozenLayers: 'Frozen layers',
  frozenLayersHelp:
    'This many of the lowest layers stay as they are. Steps get faster if the embeddings are frozen too.',
  trained: (trained: number, all: number, share: string, parameters: number) =>
    `Trains ${formatCount(trained)} of ${count(all, 'weight')} (${share}) in ${count(parameters, 'parameter')}.`,
  lora: {
    rank: 'Rank',
    rankHelp: 'Width of the adapters. A higher rank can learn more, and needs more memory.',
    alpha: 'Alpha',
    alphaHelp: 'The adapters’ output is multiplied by alpha / rank.',
    dropout: 'Dropout of the adapters',
    dropoutHelp: 'Share of the adapters’ inputs that each step sets to zero, against overfitting.',
    matrices: 'Matrices with adapters',
    matricesHelp:
      'In every layer that is not frozen. output.dense belongs to the feed-forward network, attention.output.dense to attention.',
    trained: (trained: number, all: number, share: string, matrices: number) =>
      `Trains ${count(trained, 'weight')} in adapters of ${
        matrices === 1 ? '1 matrix' : `${formatCount(matrices)} matrices`
      } (${share} of the model’s ${formatCount(all)}).`,
    list: 'Matrices that get adapters',
  },
  prefix: {
    tokens: 'Tokens of the prefix',
    tokensHelp:
      'How many tokens to add, such as 8, or their names, separated by commas. They are new special tokens of the tokenizer.',
    none: 'Enter a number from 1, or names.',
    many: (most: number) =>
      most === 0 ? 'The length limit leaves no room for a prefix.' : `Use at most ${count(most, 'token')}.`,
    unfit: (name: string) => `“${name}” can’t be a token: use up to 40 characters, with a letter and without spaces.`,
    repeated: (name: string) => `“${name}” is there twice.`,
    taken: (name: string) => `“${name}” is a token of this model already; choose another name.`,
    side: 'Put before',
    sideHelp: 'With queries only, passages are encoded as before, so their vectors can be kept.',
    sides: { queries: 'Queries only', both: 'Queries and passages' },
  },
  none: 'Trains no parameter of this model.',
  list: 'Names of the trained parameters',
};
