import { formatCount } from '../format';
import { count } from './count';

export const strategyTexts = {
  title: 'What is trained',
  presets: {
    label: 'Strategy preset',
    names: { full: 'Full', bitFit: 'BitFit', fullThenBitFit: 'Warm up full, then BitFit' },
    notes: {
      full: 'Trains every weight. The strongest, if there is enough data and memory.',
      bitFit:
        'Trains only the biases, at five times the learning rate. Overfits less on little data, and needs far less memory.',
      fullThenBitFit: 'Two stages: all weights adapt to the task first; then only the biases, which overfits less.',
    },
  },
  stages: 'Stages',
  stage: (n: number) => `Stage ${n}`,
  allStages: 'For all stages',
  kinds: { full: 'Full', bitFit: 'BitFit' },
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
    'Full trains every weight. BitFit trains only the parameters whose names contain one of the keywords; the others keep every bit.',
  options: { full: 'Full', bitFit: 'BitFit (by keyword)' },
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
  none: 'Trains no parameter of this model.',
  list: 'Names of the trained parameters',
};
