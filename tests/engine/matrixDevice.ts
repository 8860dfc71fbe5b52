import { create, globals } from 'webgpu';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { matrixFeature, matrixUnitsOf, type MatrixUnits } from '../../workers/engine/matrixUnits';
import { collectingReports } from './reports';

/** Keeps the GPU instance alive, because garbage-collecting it would destroy its devices. */
let instance: GPU | undefined;

async function matrixAdapter(): Promise<{ adapter: GPUAdapter; matrixUnits: MatrixUnits[] } | null> {
  Object.assign(globalThis, globals);
  instance ??= create(['enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia']);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  const matrixUnits = adapter ? matrixUnitsOf(adapter.features, adapter.limits, adapter.info) : [];
  return adapter && matrixUnits.length > 0 ? { adapter, matrixUnits } : null;
}

/** Returns the name of the machine's own adapter, or null if there is no adapter or it has no matrix units. */
export async function matrixAdapterName(): Promise<string | null> {
  return (await matrixAdapter())?.adapter.info.description ?? null;
}

/** Opens an engine on the matrix units of the machine's own adapter. `errors` collects every error of the device. */
export async function matrixGpu(errors: string[]): Promise<{ gpu: WebGpuEngine; matrixUnits: MatrixUnits[] }> {
  const found = await matrixAdapter();
  if (!found) throw new Error('no adapter with matrix units');
  const { adapter, matrixUnits } = found;
  const { maxComputeWorkgroupStorageSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredFeatures: ['shader-f16', 'subgroups', matrixFeature] as GPUFeatureName[],
    requiredLimits: { maxComputeWorkgroupStorageSize },
  });
  return {
    gpu: new WebGpuEngine(device, { software: false, matrixUnits }, collectingReports(device, errors)),
    matrixUnits,
  };
}
