/** A BERT-type encoder as it was read from a folder. Sizes as in config.json. */
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

export type Dtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL' | 'F64';

/** Where a tensor lies in stored float32 weights. Offsets in floats, multiples of 64 (256 bytes). */
export interface TensorEntry {
  name: string;
  shape: number[];
  offset: number;
  length: number;
}

/** How a text's token vectors become one: their mean, the first token's ([CLS]) or the last token's. */
export const poolings = ['mean', 'cls', 'last'] as const;
export type Pooling = (typeof poolings)[number];

/**
 * The model as stored: canonical parameter names (Hugging Face BERT without `bert.`, without pooler), float32.
 * Weights lie in parts of at most 32 MiB under `weightsId`, cut anywhere.
 */
export interface StoredModel {
  /** SHA-256 over the imported config.json, tokenizer.json and weights: the model's identity. */
  contentSha256: string;
  name: string;
  config: EncoderConfig;
  tensors: TensorEntry[];
  /** Floats in all, including alignment. */
  totalFloats: number;
  weightsId: string;
  /** Small files of the folder as text, by path (config.json, tokenizer.json, 1_Pooling/config.json …): needed again for export. */
  files: Record<string, string>;
  /** Read from the folder; where a file did not say, the default and `guessed: true`, shown to the user. */
  defaults: {
    pooling: { value: Pooling; guessed: boolean };
    normalize: { value: boolean; guessed: boolean };
    maxTokens: { value: number; guessed: boolean };
    queryPrefix: { value: string; guessed: boolean };
    passagePrefix: { value: string; guessed: boolean };
  };
  sourceDtype: Dtype;
  createdAt: number;
}

/** Packed token ids of a list of texts: text i is ids[offsets[i] .. offsets[i+1]). */
export interface TokenSet {
  key: string;
  ids: Int32Array;
  offsets: Uint32Array;
  /** Texts that were cut at maxTokens. */
  truncated: number;
}
export const weightPartBytes = 32 * 1024 * 1024;
