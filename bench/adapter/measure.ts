/** Measures the engine on a WebGPU device, task by task, in order of importance. Runs in Node and in a worker. */
import { kernelsVersion } from '../../src/domain/kernelPlan';
import { closeDevice, deviceWebGpu, openDevice } from '../../workers/services/device/openDevice';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { EngineTasks, NotOfferedError } from './engineTasks';
import type { EngineReport } from './report';

export interface MeasureOptions {
  /** Limit on the wall time, in seconds. Tasks that have not begun by then are left out. */
  limitSeconds: number;
  size?: 'full' | 'tiny' | undefined;
  /** If given, only tasks whose name contains one of these texts are run. */
  only?: readonly string[] | undefined;
  runtime: string;
  /** Called after every result with the report so far. */
  onReport: (report: EngineReport) => void;
  /** Called when a device has been opened, including after a failure. */
  onDevice?: (gpu: WebGpuEngine) => void;
}

/** Runs all tasks. A task that fails is recorded, and the next one gets a new device. */
export async function measureAdapter(options: MeasureOptions): Promise<EngineReport> {
  const startedAt = performance.now();
  const leftMs = (): number => options.limitSeconds * 1000 - (performance.now() - startedAt);
  const gpu = await openWebGpu(options);
  const report = emptyReport(gpu, options);
  const tell = (): void => {
    report.elapsedMs = performance.now() - startedAt;
    options.onReport(report);
  };
  const tasks = new EngineTasks(gpu, report.size, leftMs);
  tell();
  for (const { name, run } of tasks.list()) {
    if (options.only && !options.only.some((text) => name.includes(text))) continue;
    if (leftMs() <= 0) {
      report.leftOut.push(name);
      continue;
    }
    try {
      report.results.push(await run());
    } catch (thrown) {
      report.failed.push({ task: name, reason: thrown instanceof Error ? thrown.message : String(thrown) });
      // An engine that has reported an error refuses to continue.
      if (!(thrown instanceof NotOfferedError)) tasks.use(await reopenWebGpu(options));
    }
    tell();
  }
  closeDevice();
  tell();
  return report;
}

function emptyReport(gpu: WebGpuEngine, { size, runtime }: MeasureOptions): EngineReport {
  return {
    adapter: describe(gpu.device),
    runtime,
    kernels: kernelsVersion,
    size: size ?? (gpu.traits.software ? 'tiny' : 'full'),
    results: [],
    failed: [],
    leftOut: [],
    elapsedMs: 0,
  };
}

function reopenWebGpu(options: MeasureOptions): Promise<WebGpuEngine> {
  closeDevice();
  return openWebGpu(options);
}

async function openWebGpu({ onDevice }: MeasureOptions): Promise<WebGpuEngine> {
  await openDevice('webgpu', '');
  const gpu = deviceWebGpu();
  if (!gpu) throw new Error('no WebGPU device');
  onDevice?.(gpu);
  return gpu;
}

function describe(device: GPUDevice): EngineReport['adapter'] {
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const { limits } = device;
  return {
    vendor,
    architecture,
    device: name,
    description,
    features: [...device.features].sort(),
    limits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    },
  };
}
