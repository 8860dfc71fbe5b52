import type { EncoderConfig } from '../../../src/domain/model';
import { reshaped, type DeviceArray } from '../arrays';
import { copyInHalf } from '../ops/copyInHalf/copyInHalf';
import { layerParameter, type LayerModule } from './names';
import type { SegmentTable } from './segments';

/** Copies of a layer's matrices in half precision, for products to read. The weights themselves stay in float32, for small updates would be lost. */
export class HalfWeights {
  readonly #copies = new Map<string, { weight: DeviceArray; copy: DeviceArray }>();

  /** Not filled yet: see `refresh`. */
  constructor(
    private readonly weights: SegmentTable,
    { layers, hiddenSize, intermediateSize }: EncoderConfig,
  ) {
    const shapes = matrixShapes(hiddenSize, intermediateSize);
    for (let layer = 0; layer < layers; layer++)
      for (const [module, shape] of shapes) {
        const name = layerParameter(layer, module, 'weight');
        const copy = weights.engine.pool.allocate(shape, 'f16');
        this.#copies.set(name, { weight: weights.view(name, shape), copy });
      }
  }

  /** [out, in] of a layer's module; `query` is query, key and value together. */
  view(layer: number, module: LayerModule, shape: readonly [number, number]): DeviceArray {
    const name = layerParameter(layer, module, 'weight');
    const found = this.#copies.get(name);
    if (!found) throw new RangeError(`${name} has no copy in half precision`);
    return reshaped(found.copy, shape);
  }

  /** Copies the weights as they are now. Call after each change of them. */
  refresh(): void {
    for (const { weight, copy } of this.#copies.values()) copyInHalf(this.weights.engine, weight, copy);
  }

  dispose(): void {
    for (const { copy } of this.#copies.values()) this.weights.engine.pool.free(copy);
  }
}

/** The matrices of one layer by which products multiply. */
function matrixShapes(H: number, F: number): [LayerModule, readonly [number, number]][] {
  return [
    ['query', [3 * H, H]],
    ['attentionOutput', [H, H]],
    ['intermediate', [F, H]],
    ['output', [H, F]],
  ];
}
