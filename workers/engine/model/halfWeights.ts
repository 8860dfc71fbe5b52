import type { EncoderConfig } from '../../../src/domain/model';
import { arrayLength, type DeviceArray } from '../arrays';
import type { MatrixUnits } from '../matrixUnits';
import { copyInHalf } from '../ops/copyInHalf/copyInHalf';
import type { HalfCopy } from '../optimizer/adamW';
import { layerParameterName, type LayerModuleName } from './parameterNames';
import type { SegmentTable } from './segmentTable';

/**
 * Half-precision copies of the layers' weight matrices, which products read. The weights themselves stay in float32,
 * because half precision would lose small updates. A segment's copies form one array with the segment's own layout, so
 * that the optimizer can write them together with the weights.
 */
export class HalfWeights {
  /** Copies by segment, for segments with matrices. A copy covers the segment from its first matrix to its last. */
  readonly #copies = new Map<number, HalfCopy>();

  /**
   * Allocates the copies. Call `refresh` to fill them. `matrices` are the matrix units for all products of
   * half-precision operands, if the experiment asks for them.
   */
  constructor(
    private readonly weights: SegmentTable,
    { layers, hiddenSize, intermediateSize }: EncoderConfig,
    readonly matrices?: MatrixUnits,
  ) {
    const ranges = new Map<number, { first: number; end: number }>();
    for (let layer = 0; layer < layers; layer++)
      for (const [module, shape] of matrixShapes(hiddenSize, intermediateSize)) {
        const { segment, offset } = weights.placeOf(layerParameterName(layer, module, 'weight'));
        const { first = offset, end = 0 } = ranges.get(segment) ?? {};
        ranges.set(segment, { first: Math.min(first, offset), end: Math.max(end, offset + arrayLength(shape)) });
      }
    for (const [segment, { first, end }] of ranges)
      this.#copies.set(segment, { first, array: weights.engine.pool.allocate([end - first], 'f16') });
  }

  /** Returns the copy of a module's weight, [out, in]. `query` also covers key and value. */
  view(layer: number, module: LayerModuleName, shape: readonly [number, number]): DeviceArray {
    const { segment, offset } = this.weights.placeOf(layerParameterName(layer, module, 'weight'));
    const { first, array } = this.copyOf(segment) ?? { first: Infinity };
    if (!array || offset < first) throw new RangeError(`${module} of layer ${layer} has no half-precision copy`);
    return { ...array, offset: array.offset + 2 * (offset - first), shape };
  }

  /** Returns the copy of a segment's matrices, or undefined if it has none. */
  copyOf(segment: number): HalfCopy | undefined {
    return this.#copies.get(segment);
  }

  /**
   * Copies the current weights. Call after every change to them, unless an optimizer made the change and wrote the
   * copies too.
   */
  refresh(): void {
    for (const [segment, { first, array }] of this.#copies) {
      const weights = this.weights.arrays[segment];
      if (weights)
        copyInHalf(this.weights.engine, { ...weights, offset: weights.offset + 4 * first, shape: array.shape }, array);
    }
  }

  dispose(): void {
    for (const { array } of this.#copies.values()) this.weights.engine.pool.free(array);
  }
}

/** Returns the shapes [out, in] of one layer's weight matrices. `query` also covers key and value. */
function matrixShapes(H: number, F: number): [LayerModuleName, readonly [number, number]][] {
  return [
    ['query', [3 * H, H]],
    ['attentionOutput', [H, H]],
    ['intermediate', [F, H]],
    ['output', [H, F]],
  ];
}
