import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import type { Kernel } from '../kernel';
import type { Epilogue } from '../ops/matmul/epilogue';
import { matmul, matmulKernels, type MatmulOptions } from '../ops/matmul/matmul';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import type { BitHasher } from './bitHasher';
import { modelEpilogues } from './modelEpilogues';
import { fillWithNoise } from './noise';

/** Maximum number of arrays that a product writes: y and, depending on the epilogue, one more. */
export const mostResults = 2;

interface Arrays {
  a: DeviceArray;
  b: DeviceArray;
  y: DeviceArray;
  /** As large as y: the residual, or the sums before GELU. */
  wide: DeviceArray;
  /** The bias, or the sums of a's columns. */
  vector: DeviceArray;
}

/** A product on random numbers, with the shape of one in a model. Holds memory from `allocate` to `free`. */
export class SampleProduct {
  readonly epilogues: readonly [Epilogue, ...Epilogue[]];
  #arrays: Arrays | undefined;

  constructor(
    private readonly engine: Engine,
    readonly shape: MatmulShape,
    dropout = true,
  ) {
    this.epilogues = modelEpilogues(shape, dropout);
  }

  allocate(): void {
    const { layout, rows, columns, depth } = this.shape;
    const { operands, results } = this.#types();
    const array = (shape: readonly number[], dtype: DeviceArray['dtype']): DeviceArray =>
      this.engine.pool.allocate(shape, dtype);
    this.#arrays = {
      a: array(layout === 'TN' ? [depth, rows] : [rows, depth], operands),
      b: array(layout === 'NT' ? [columns, depth] : [depth, columns], operands),
      y: array([rows, columns], results),
      wide: array(this.epilogues.some(usesWide) ? [rows, columns] : [1], results),
      vector: array([layout === 'TN' ? rows : columns], 'f32'),
    };
    Object.values(this.#arrays).forEach((each: DeviceArray, i) => fillWithNoise(this.engine, each, i));
  }

  free(): void {
    for (const each of Object.values(this.#arrays ?? {}) as DeviceArray[]) this.engine.pool.free(each);
    this.#arrays = undefined;
  }

  /** Returns the kernels that `run` dispatches, so that they can be compiled in advance. */
  kernels(tiling: MatmulTiling, epilogue: Epilogue = this.epilogues[0]): Kernel[] {
    const { operands, results } = this.#types();
    const stored = (dtype: DeviceArray['dtype']): DeviceArray => {
      const array = { buffer: { size: 0 }, offset: 0, shape: [] };
      return dtype === 'f16' ? { ...array, dtype } : array;
    };
    const [a, y, vector] = [stored(operands), stored(results), stored('f32')];
    return matmulKernels(this.shape, tiling, optionsOf(epilogue, { wide: y, vector }), { a, b: a, y });
  }

  run(tiling: MatmulTiling, epilogue: Epilogue = this.epilogues[0]): void {
    const { a, b, y, ...others } = this.arrays;
    matmul(this.engine, this.shape.layout, a, b, y, { ...optionsOf(epilogue, others), tiling });
  }

  /**
   * Runs the product and adds the hashes of all its results, at most `mostResults`. First fills them with the same
   * noise, so that numbers that a kernel fails to write do not keep the values of the previous kernel.
   */
  hash(hasher: BitHasher, tiling: MatmulTiling, epilogue: Epilogue): void {
    const { y, wide, vector } = this.arrays;
    const results = [y, ...(epilogue.gelu ? [wide] : []), ...(epilogue.aSums ? [vector] : [])];
    results.forEach((each, i) => fillWithNoise(this.engine, each, 7 + i));
    this.run(tiling, epilogue);
    for (const each of results) hasher.add(each);
  }

  /** The allocated arrays. Throws RangeError unless the product holds memory. */
  protected get arrays(): Arrays {
    if (!this.#arrays) throw new RangeError('the product has no memory');
    return this.#arrays;
  }

  #types(): Record<'operands' | 'results', 'f16' | 'f32'> {
    const { half, layout } = this.shape;
    // Weight gradients are always float32.
    return { operands: half ? 'f16' : 'f32', results: half && layout !== 'TN' ? 'f16' : 'f32' };
  }
}

/** Returns the number of hashes that `hash` adds. */
export function resultsOf({ gelu, aSums }: Epilogue): number {
  return gelu || aSums ? 2 : 1;
}

function usesWide({ residual, gelu, geluGradient }: Epilogue): boolean {
  return !!residual || !!gelu || !!geluGradient;
}

function optionsOf(epilogue: Epilogue, { wide, vector }: Pick<Arrays, 'wide' | 'vector'>): MatmulOptions {
  return {
    ...(epilogue.bias ? { bias: vector } : {}),
    ...(epilogue.dropout ? { dropout: { seed: 1, step: 1, op: 1, rate: 0.1 } } : {}),
    ...(epilogue.residual ? { residual: wide } : {}),
    ...(epilogue.gelu ? { gelu: wide } : {}),
    ...(epilogue.geluGradient ? { geluGradient: wide } : {}),
    ...(epilogue.accumulate ? { accumulate: true } : {}),
    ...(epilogue.aSums ? { aSums: vector } : {}),
  };
}
