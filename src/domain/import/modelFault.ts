/** Why a model folder cannot be used. */
export type ModelFault =
  | 'missing-file'
  /** The folder holds several models; `expected` and `found` are the folders of two of them. */
  | 'several-models'
  /** The file is a Git LFS pointer. */
  | 'lfs-pointer'
  | 'not-utf8'
  | 'not-json'
  /** The file is JSON, but holds `found` instead of `expected`. */
  | 'json-shape'
  | 'json-too-deep'
  | 'unsupported-architecture'
  /** `tensor` is the field of config.json that makes the model a decoder. */
  | 'not-an-encoder'
  | 'empty'
  /** `expected` and `found` count bytes. */
  | 'truncated'
  | 'header-invalid'
  /** The list of shards cannot be read. */
  | 'index-invalid'
  /** The file uses an opcode, function or class (`found`) that a state dict of tensors does not need. */
  | 'pickle-unsupported'
  | 'pickle-invalid'
  | 'tensor-missing'
  | 'tensor-shape'
  | 'tensor-dtype'
  /** A tensor of the encoder that config.json does not describe. */
  | 'tensor-unknown'
  | 'tensor-not-finite'
  /** An exported tensor differs from the imported one, although it should be unchanged. */
  | 'tensor-differs'
  /** The folder is, or contains, a LoRA adapter, which transformers would apply to the weights. */
  | 'adapter'
  /** `expected` and `found` are two tensors for the same parameter, from two encoders. */
  | 'two-encoders'
  /** `found`: the sentence-transformers module that is not supported. */
  | 'module-unsupported'
  /** `tensor` is a setting that changes vectors and is not supported. */
  | 'setting-unsupported'
  | 'vocabulary-mismatch'
  | 'tokenizer-invalid'
  | 'pooling-unsupported'
  /** The folder does not say how token vectors become one, and nobody has chosen it. */
  | 'pooling-unknown';
