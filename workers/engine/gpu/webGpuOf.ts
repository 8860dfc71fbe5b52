import type { Engine } from '../engine';
import { WebGpuEngine } from './webGpuEngine';

/** Returns the engine if it computes on WebGPU, else null. */
export function webGpuOf(engine: Engine): WebGpuEngine | null {
  return engine instanceof WebGpuEngine ? engine : null;
}
