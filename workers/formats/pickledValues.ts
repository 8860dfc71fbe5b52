import type { FileDType } from '../../src/domain/modelTensors';
import { fileDTypeBytes, isFileDType } from './tensorFile';

/** A storage of a state dict: an array of elements of one type, which tensors refer to. */
export interface PickledStorage {
  kind: 'storage';
  /** One of FileDType, or torch's class name if the type cannot be read. */
  dtype: string;
  key: string;
  elements: number;
}

export interface PickledTensor {
  kind: 'tensor';
  storage: PickledStorage;
  /** Set if the storage is untyped: torch's name of the element type. Such a tensor cannot be read. */
  dtype?: string;
  /** Offset of the first value, in elements. The strides are also in elements. */
  offset: number;
  shape: number[];
  strides: number[];
}

interface PickledTuple {
  kind: 'tuple';
  items: PickledValue[];
}

interface PickledList {
  kind: 'list';
  items: PickledValue[];
}

interface PickledDict {
  kind: 'dict';
  entries: Map<PickledValue, PickledValue>;
}

interface PickledGlobal {
  kind: 'global';
  name: string;
}

export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledStorage
  | PickledTensor
  | PickledTuple
  | PickledList
  | PickledDict
  | PickledGlobal;

export type PickledKind = Exclude<PickledValue, null | boolean | number | bigint | string>['kind'];

/** Element types by torch's storage class. Storages of other classes cannot be read as weights. */
export const pickledStorageTypes: Record<string, FileDType> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** Bytes per element of storages that cannot be read as weights, by torch's storage class. */
const otherElementBytes: Record<string, number> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  UntypedStorage: 1,
};

/** Returns the bytes per element of a storage, or undefined if its class is unknown. */
export function storageElementBytes({ dtype }: PickledStorage): number | undefined {
  if (isFileDType(dtype)) return fileDTypeBytes[dtype];
  return Object.hasOwn(otherElementBytes, dtype) ? otherElementBytes[dtype] : undefined;
}

export function isPickledSize(value: PickledValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isPickledKind<K extends PickledKind>(
  value: PickledValue | undefined,
  kind: K,
): value is Extract<PickledValue, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** Returns the items of a tuple of sizes, or undefined for any other value. */
export function pickledSizes(value: PickledValue | undefined): number[] | undefined {
  if (!isPickledKind(value, 'tuple')) return undefined;
  const { items } = value;
  return items.every(isPickledSize) ? items : undefined;
}
