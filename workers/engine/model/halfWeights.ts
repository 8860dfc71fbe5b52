import type { EncoderConfig } from '../../../src/domain/model';
import { reshapedArray, type DeviceArray } from '../arrays';
import type { MatrixUnits } from '../matrixUnits';
import { copyInHalf } from '../ops/copyInHalf/copyInHalf';
import { layerParameterName, type LayerModuleName } from './parameterNames';
import type { SegmentTable } from './segmentTable';

/**
 * Half-precision copies of the layers' weight matrices, for products to read. The weights themselves stay in float32,
 * because half precision would lose small updates.
 */
export class HalfWeights {
  readonly #copies = new Map<string, { weight: DeviceArray; copy: DeviceArray }>();

  /**
   * Allocates the copies. Call `refresh` to fill them. `matrices` are the matrix units for all products of operands in
   * half precision, if the experiment asks for them.
   */
  constructor(
    private readonly weights: SegmentTable,
    { layers, hiddenSize, intermediateSize }: EncoderConfig,
    readonly matrices?: MatrixUnits,
  ) {
    const shapes = matrixShapes(hiddenSize, intermediateSize);
    for (let layer = 0; layer < layers; layer++)
      for (const [module, shape] of shapes) {
        const name = layerParameterName(layer, module, 'weight');
        const copy = weights.engine.pool.allocate(shape, 'f16');
        this.#copies.set(name, { weight: weights.view(name, shape), copy });
      }
  }

  /** Returns a module's copy, [out, in]. `query` also covers key and value. */
  view(layer: number, module: LayerModuleName, shape: readonly [number, number]): DeviceArray {
    const name = layerParameterName(layer, module, 'weight');
    const found = this.#copies.get(name);
    if (!found) throw new RangeError(`${name} has no copy in half precision`);
    return reshapedArray(found.copy, shape);
  }

  /** Copies the current weights. Call after every change to them. */
  refresh(): void {
    for (const { weight, copy } of this.#copies.values()) copyInHalf(this.weights.engine, weight, copy);
  }

  dispose(): void {
    for (const { copy } of this.#copies.values()) this.weights.engine.pool.free(copy);
  }
}

/** Returns the weight matrices of one layer, [out, in]. `query` also covers key and value. */
function matrixShapes(H: number, F: number): [LayerModuleName, readonly [number, number]][] {
  return [
    ['query', [3 * H, H]],
    ['attentionOutput', [H, H]],
    ['intermediate', [F, H]],
    ['output', [H, F]],
  ];
}
