import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { type MatmulShape, matmulFlops } from '../ops/matmul/matmulShape';

/**
 * Minimum number of tokens in a measured product. With fewer, its time would say little about the product that it
 * represents.
 */
const minTokens = 128;
/** Maximum number of tokens in a measured product. With more, only its time and memory grow. */
const maxTokens = 8192;

/**
 * Returns the shape with as many tokens as `flops` FLOPs and arrays of `arrayBytes` bytes allow: at most the shape's
 * own number, and if possible at least `minTokens`.
 */
export function shapeToMeasure(shape: MatmulShape, flops: number, arrayBytes = Infinity): MatmulShape {
  const { layout, rows, columns, depth } = shape;
  const tokens = layout === 'TN' ? depth : rows;
  const affordable = Math.floor((flops / matmulFlops(shape)) * tokens);
  const widest = layout === 'TN' ? Math.max(rows, columns) : Math.max(columns, depth);
  const most = Math.min(tokens, maxTokens, Math.floor(arrayBytes / (4 * widest)));
  const used = Math.min(most, Math.max(minTokens, 4 * Math.floor(affordable / 4)));
  return layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}

/** Returns the largest array that a kernel of this device can bind, in bytes. */
export function arrayBytesOf({ device: { limits } }: WebGpuEngine): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}
