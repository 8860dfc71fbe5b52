import { create, globals } from 'webgpu';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { collectingReports } from './reports';

/** Keeps the GPU instance alive, because garbage-collecting it would destroy its devices. */
let instance: GPU | undefined;

async function f16Adapter(): Promise<GPUAdapter | null> {
  Object.assign(globalThis, globals);
  instance ??= create([]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  return adapter?.features.has('shader-f16') ? adapter : null;
}

/** Returns the name of the machine's own adapter, or null if there is no adapter or it lacks shader-f16. */
export async function f16AdapterName(): Promise<string | null> {
  const adapter = await f16Adapter();
  return adapter && adapter.info.description;
}

/** Opens an engine with shader-f16 on the machine's own adapter. `errors` collects every error of the device. */
export async function f16Gpu(errors: string[]): Promise<WebGpuEngine> {
  const device = await (await f16Adapter())?.requestDevice({ requiredFeatures: ['shader-f16'] });
  if (!device) throw new Error('no adapter with shader-f16');
  return new WebGpuEngine(device, { software: false }, collectingReports(device, errors));
}
