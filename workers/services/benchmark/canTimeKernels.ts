import type { Engine } from '../../engine/engine';
import { WebGpuEngine } from '../../engine/gpu/webGpuEngine';

/** Whether the engine can measure the GPU time of its kernels, which needs timestamp queries. */
export function canTimeKernels(engine: Engine): engine is WebGpuEngine {
  return engine instanceof WebGpuEngine && engine.device.features.has('timestamp-query');
}
