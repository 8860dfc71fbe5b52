import type { HubOrigin } from './import/hubOrigin';
import type { FileDType, StoredTensor, UntrainedTensors } from './modelTensors';

/** Configuration of a BERT-type encoder, from the model's config.json. */
export interface EncoderConfig {
  layers: number;
  hiddenSize: number;
  heads: number;
  intermediateSize: number;
  vocabularySize: number;
  maxPositions: number;
  typeVocabularySize: number;
  layerNormEpsilon: number;
  hiddenDropout: number;
  attentionDropout: number;
  padTokenId: number;
}

/**
 * Returns the number of weights that each token is multiplied by: per layer the query, key, value and output matrices
 * of attention, and the two matrices of the feed-forward block.
 */
export function matrixParameters({
  layers,
  hiddenSize: H,
  intermediateSize: F,
}: Pick<EncoderConfig, 'layers' | 'hiddenSize' | 'intermediateSize'>): number {
  return layers * (4 * H * H + 2 * H * F);
}

/** How token vectors become one text vector: the mean, the first token's vector ([CLS]) or the last token's. */
export const poolings = ['mean', 'cls', 'last'] as const;
export type Pooling = (typeof poolings)[number];

/**
 * A model as stored: float32, with Hugging Face BERT parameter names without the `bert.` prefix. The pooler is stored
 * apart, in `untrained`. The weights are stored under `weightsId` in parts of at most 32 MiB; a part may end in the
 * middle of a tensor.
 */
export interface StoredModel {
  /**
   * The model's identity: SHA-256 over everything in its folder that changes a vector, except the length limit
   * (workers/services/import/modelIdentity.ts).
   */
  contentSha256: string;
  /**
   * Set only if this record repeats another model under its former identity, which earlier versions computed as SHA-256
   * of config.json, tokenizer.json and the weights only. Holds the current identity of that model. Experiments of those
   * versions refer to the former one.
   */
  aliasOf?: string;
  name: string;
  config: EncoderConfig;
  tensors: StoredTensor[];
  /** Total number of floats, including alignment padding. */
  totalFloats: number;
  weightsId: string;
  /**
   * Null if the source has none; undefined if the model was imported by an earlier version, which did not keep them.
   */
  untrained?: UntrainedTensors | null;
  /**
   * Small files of the folder as text, keyed by path (config.json, tokenizer.json, 1_Pooling/config.json …). The export
   * writes them again. For XLM-RoBERTa, config.json describes the BERT encoder that it is stored as. tokenizer.json is
   * built from vocab.txt if the folder lacks one.
   */
  files: Record<string, string>;
  /**
   * Settings read from the folder. A setting is `guessed` if no file states it and a default is used instead; the UI
   * marks such settings.
   */
  defaults: {
    pooling: { value: Pooling; guessed: boolean };
    normalize: { value: boolean; guessed: boolean };
    maxTokens: { value: number; guessed: boolean };
    queryPrefix: { value: string; guessed: boolean };
    passagePrefix: { value: string; guessed: boolean };
  };
  sourceDtype: FileDType;
  /** Set if the model came from a hub instead of a folder of the user's. */
  hub?: HubOrigin;
  createdAt: number;
}
