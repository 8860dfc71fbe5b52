import type { EncoderConfig } from '../../../src/domain/model';
import { RandomStream } from '../../../src/domain/random';
import { parameterShapes } from '../../engine/model/parameterShapes';
import type { TrainingStep } from '../../reference/trainingStep';

/** `small` is for software adapters, where stock tfjs takes half a minute for a step of the full size. */
export type CheckSize = 'full' | 'small';

interface Size {
  config: EncoderConfig;
  pairs: number;
  /** Minimum and maximum tokens of a text. */
  anchorTokens: readonly [number, number];
  positiveTokens: readonly [number, number];
}

const common = { typeVocabularySize: 2, layerNormEpsilon: 1e-12, hiddenDropout: 0, attentionDropout: 0, padTokenId: 0 };

const sizes: Record<CheckSize, Size> = {
  // More than 1,024 tokens, so that weight gradients are sums of several chunks, as in a real batch.
  full: {
    config: {
      ...{ layers: 2, hiddenSize: 128, heads: 2, intermediateSize: 512, vocabularySize: 512, maxPositions: 128 },
      ...common,
    },
    pairs: 16,
    anchorTokens: [8, 24],
    positiveTokens: [32, 104],
  },
  small: {
    config: {
      ...{ layers: 2, hiddenSize: 64, heads: 2, intermediateSize: 128, vocabularySize: 64, maxPositions: 24 },
      ...common,
    },
    pairs: 4,
    anchorTokens: [3, 8],
    positiveTokens: [6, 16],
  },
};

const seed = 20261127;
/**
 * Matrices are drawn from ± this value and vectors from ± half of it. LayerNorm weights are drawn around 1, all others
 * around 0.
 */
const weightRange = 0.2;

/** Returns the training step of the check. Its weights and texts are drawn at random, so nothing is downloaded. */
export function checkStep(size: CheckSize): TrainingStep {
  const { config, pairs, anchorTokens, positiveTokens } = sizes[size];
  const weights = new Map(
    parameterShapes(config).map(({ name, shape }, index) => [name, randomWeights(name, shape, index + 1)]),
  );
  const random = new RandomStream(seed, 'deviceCheck');
  // Token id 0 is left out, because PyTorch gives the padding token no gradient.
  const text = ([least, most]: readonly [number, number]): number[] =>
    Array.from({ length: least + random.below(most - least + 1) }, () => 1 + random.below(config.vocabularySize - 1));
  const texts = (tokens: readonly [number, number]): number[][] => Array.from({ length: pairs }, () => text(tokens));
  return { config, weights, anchors: texts(anchorTokens), positives: texts(positiveTokens), temperature: 0.05 };
}

function randomWeights(name: string, shape: readonly number[], stream: number): Float32Array {
  const random = new RandomStream(seed, 'deviceCheck', stream);
  const centre = name.endsWith('LayerNorm.weight') ? 1 : 0;
  const range = shape.length > 1 ? weightRange : weightRange / 2;
  const length = shape.reduce((product, side) => product * side, 1);
  return Float32Array.from({ length }, () => centre + range * (2 * random.unit() - 1));
}
