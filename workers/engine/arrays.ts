import type { MemoryBlock } from './blockMemory';

/**
 * Storage type of numbers: `f32` takes four bytes (float32 or uint32); `f16` is half precision and needs device
 * support.
 */
export type ArrayDType = 'f32' | 'f16';

/** A range of a block, interpreted as a row-major array of numbers. */
export interface DeviceArray {
  readonly buffer: MemoryBlock;
  /** Byte offset of the array in the block. Must be a multiple of 256 if a kernel binds the array. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** `f32` if absent. */
  readonly dtype?: ArrayDType;
}

export function arrayLength(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function arrayByteLength({ shape, dtype }: DeviceArray): number {
  return arrayLength(shape) * bytesPerNumber(dtype);
}

export function bytesPerNumber(dtype: ArrayDType | undefined): number {
  return dtype === 'f16' ? 2 : 4;
}

/**
 * Returns a view of numbers `first` … `end − 1` of a float32 array. On a GPU, an unaligned view can be copied but not
 * bound.
 */
export function rangeOf(array: DeviceArray, first: number, end: number): DeviceArray {
  return { ...array, offset: array.offset + 4 * first, shape: [end - first] };
}

/** Returns a view of consecutive rows of a float32 array [N, W]; see `rangeOf`. */
export function rowsOf(array: DeviceArray, firstRow: number, rows: number): DeviceArray {
  const [, width = 0] = array.shape;
  return { ...array, offset: array.offset + 4 * firstRow * width, shape: [rows, width] };
}
