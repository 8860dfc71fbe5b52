import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import { planKey } from '../ops/matmul/planKey';
import { hasSameBits } from './admission';
import { compiles } from './compiles';
import { SampleProduct } from './sampleProduct';
import { arrayBytesOf, shapeToMeasure } from './shapeToMeasure';

/** FLOPs of a product whose bits are compared: enough for several workgroups of any tiling, but little work. */
const comparedFlops = 2e9;

interface AdmittedTilings {
  matmul: Record<string, MatmulTiling>;
  /** Number of tilings that were replaced by the default, by reason for the replacement. */
  refused: { shaders: number; bits: number };
}

/**
 * Checks the tilings of a plan that was measured earlier or elsewhere against the default tilings, for the given shapes
 * and all epilogues of the model. Replaces tilings that do not compile on this device, or compute different bits, by
 * the default ones.
 */
export async function admittedTilings(
  gpu: WebGpuEngine,
  shapes: readonly MatmulShape[],
  planned: Readonly<Record<string, MatmulTiling>>,
  dropout = true,
): Promise<AdmittedTilings> {
  const compared = shapes.flatMap((shape) => {
    const tiling = planned[planKey(shape)];
    const product = new SampleProduct(gpu, shapeToMeasure(shape, comparedFlops, arrayBytesOf(gpu)), dropout);
    const default_ = defaultTiling(gpu.traits, shape);
    if (!tiling || JSON.stringify(tiling) === JSON.stringify(default_)) return [];
    const kernels = product.epilogues.flatMap((each) =>
      [default_, tiling].flatMap((one) => product.kernels(one, each)),
    );
    return [{ shape, product, default_, tiling, compiled: compiles(gpu, kernels) }];
  });
  const matmul = { ...planned };
  const refused = { shaders: 0, bits: 0 };
  for (const { shape, product, default_, tiling, compiled } of compared) {
    const because = !(await compiled)
      ? 'shaders'
      : (await hasSameBits(gpu, product, [default_, tiling], product.epilogues))
        ? null
        : 'bits';
    if (!because) continue;
    refused[because]++;
    matmul[planKey(shape)] = default_;
  }
  return { matmul, refused };
}
