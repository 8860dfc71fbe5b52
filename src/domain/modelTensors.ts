export type FileDType = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL' | 'F64';

/** Position of a tensor in the stored float32 weights. Offsets count floats and are multiples of 64 (256 bytes). */
export interface StoredTensor {
  name: string;
  shape: number[];
  offset: number;
  length: number;
}

/** Tensors of a model's stored weights or of a moment. `length` includes the gaps between them. */
export interface FloatLayout {
  tensors: readonly StoredTensor[];
  totalFloats: number;
}

/** A tensor that is stored as it was imported, in its original data type. */
export interface UntrainedTensor {
  name: string;
  shape: number[];
  dtype: FileDType;
  /** Position among the bytes stored under `weightsId`, in bytes. */
  offset: number;
  bytes: number;
}

/** Tensors of BertModel that no text vector depends on, i.e. the pooler. They are exported as they were imported. */
export interface UntrainedTensors {
  /** The id under which their bytes are stored in parts, like weights. */
  weightsId: string;
  tensors: UntrainedTensor[];
}
