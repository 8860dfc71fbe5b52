import type { FileDType } from '../../src/domain/modelTensors';

/** Bytes per element of each type. */
export const fileDTypeBytes: Record<FileDType, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A tensor as its file describes it. Its type may be one that cannot be read. */
export interface FileTensor {
  dtype: string;
  shape: number[];
  /** Number of dicts around the tensor's state dict, in a file of PyTorch. */
  wrappers?: number;
}

/** The tensors of one or several files. */
export interface TensorFile {
  /** The file that an error names if no file has the tensor. */
  file: string;
  tensors: ReadonlyMap<string, FileTensor>;
  /** Name of the file that holds the tensor. */
  fileOf: (name: string) => string;
  /** Returns one tensor's values as float32, row-major. Throws `model-invalid`. */
  read: (name: string) => Promise<Float32Array>;
  /** Returns one tensor's bytes in the file's own type, row-major and little-endian. Throws `model-invalid`. */
  readBytes: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

export function isFileDType(value: unknown): value is FileDType {
  return typeof value === 'string' && Object.hasOwn(fileDTypeBytes, value);
}

/** Float32 value of each of the 65,536 bit patterns of IEEE 754 half precision. The conversion is exact. */
const halfTable = ((): Float32Array => {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[bits] = fraction ? NaN : sign * Infinity;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
})();

/** Converts a tensor's bytes to float32. Returns undefined for types that are not floating point. */
export function fileTensorToFloat32(bytes: ArrayBuffer, dtype: FileDType): Float32Array | undefined {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes), (bits) => halfTable[bits] ?? NaN);
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(bytes));
    case 'I64':
    case 'I32':
    case 'I16':
    case 'I8':
    case 'U8':
    case 'BOOL':
      return undefined;
    default:
      return dtype satisfies never;
  }
}
