import * as tf from '@tensorflow/tfjs-core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * Two kernels of tfjs's wasm backend that only move rows, done by copying rows. The stock Slice first copies its whole input
 * (1.2 ms for any slice of [2272, 256]), the stock GatherV2 computes coordinates for every element (20 ms for 2,272 rows of 256,
 * against 0.3 ms).
 */
export function replaceSlowWasmKernels(): void {
  if (replaced) return;
  replaced = true;
  replaceKernel('Slice', sliceRows);
  replaceKernel('GatherV2', gatherRows);
}

let replaced = false;

type KernelParams = Parameters<tf.KernelFunc>[0];
/** Gives null for what it leaves to the stock kernel. */
type Replacement = (params: KernelParams, backend: BackendWasm) => tf.TensorInfo | null;

function replaceKernel(kernelName: string, replacement: Replacement): void {
  const stock = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    ...stock,
    kernelFunc: (params) => {
      const { backend } = params;
      const fast = backend instanceof BackendWasm ? replacement(params, backend) : null;
      return fast ?? stock.kernelFunc(params);
    },
  });
}

/** y = x[begin .. begin + size) of a matrix. */
function sliceRows({ inputs, attrs }: KernelParams, backend: BackendWasm): tf.TensorInfo | null {
  const { x } = inputs;
  const begin = attrs?.['begin'];
  const size = attrs?.['size'];
  if (x?.dtype !== 'float32' || x.shape.length !== 2 || !Array.isArray(begin) || !Array.isArray(size)) return null;
  const [rowBegin, columnBegin] = begin;
  const [height, width] = x.shape;
  if (typeof rowBegin !== 'number' || typeof columnBegin !== 'number' || height === undefined || width === undefined)
    return null;
  const [rows, columns] = [
    size[0] === -1 ? height - rowBegin : size[0],
    size[1] === -1 ? width - columnBegin : size[1],
  ];
  if (typeof rows !== 'number' || typeof columns !== 'number') return null;
  const y = backend.makeOutput([rows, columns], 'float32');
  // After makeOutput: it may grow the heap, and older views of it are dead then.
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(y);
  if (columns === width) {
    to.set(from.subarray(rowBegin * width, (rowBegin + rows) * width));
    return y;
  }
  for (let row = 0; row < rows; row++) {
    const start = (rowBegin + row) * width + columnBegin;
    to.set(from.subarray(start, start + columns), row * columns);
  }
  return y;
}

/** y[i] = x[indices[i]] along the first axis. */
function gatherRows({ inputs, attrs }: KernelParams, backend: BackendWasm): tf.TensorInfo | null {
  const { x, indices } = inputs;
  if (x?.dtype !== 'float32' || indices?.dtype !== 'int32' || x.shape.length !== 2 || indices.shape.length !== 1)
    return null;
  if (attrs?.['axis'] !== 0 || attrs['batchDims'] !== 0) return null;
  const [rows, width] = x.shape;
  const [count] = indices.shape;
  if (rows === undefined || width === undefined || count === undefined) return null;
  const y = backend.makeOutput([count, width], 'float32');
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(y);
  const rowOf = backend.typedArrayFromHeap(indices);
  for (let i = 0; i < count; i++) {
    const row = rowOf[i] ?? -1;
    if (row < 0 || row >= rows) throw new RangeError(`gather: row ${row} of ${rows}`);
    to.set(from.subarray(row * width, (row + 1) * width), i * width);
  }
  return y;
}
