import { create, globals } from 'webgpu';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { collecting } from './nullDevice';

/** Held, for a collected instance takes its devices along. */
let instance: GPU | undefined;

async function halfAdapter(): Promise<GPUAdapter | null> {
  Object.assign(globalThis, globals);
  instance ??= create([]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  return adapter?.features.has('shader-f16') ? adapter : null;
}

/** What the machine's own adapter is called; null where it has no half precision, or where there is none. */
export async function halfAdapterName(): Promise<string | null> {
  const adapter = await halfAdapter();
  return adapter && adapter.info.description;
}

/** The engine on the machine's own adapter. Every complaint of the device is kept in `errors`. */
export async function halfGpu(errors: string[]): Promise<WebGpuEngine> {
  const device = await (await halfAdapter())?.requestDevice({ requiredFeatures: ['shader-f16'] });
  if (!device) throw new Error('no adapter with shader-f16');
  return new WebGpuEngine(device, { software: false }, collecting(device, errors));
}
