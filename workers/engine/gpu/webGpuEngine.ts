import type { KernelPlan } from '../../../src/domain/kernelPlan';
import type { DeviceArray } from '../arrays';
import { ArrayPool } from '../arrayPool';
import type { Engine, EngineTraits } from '../engine';
import { scratchFloats } from '../scratch';
import { GpuCommands } from './gpuCommands';
import { GpuMemory } from './gpuMemory';
import { KernelCollector } from './kernelCollector';
import type { DeviceReports } from './deviceReports';
import { SubmitPacer } from './submitPacer';

/** A WebGPU device with its buffers and commands. */
export class WebGpuEngine implements Engine {
  readonly traits: EngineTraits;
  readonly pool: ArrayPool;
  readonly commands: GpuCommands;
  plan: KernelPlan | undefined;
  readonly #memory: GpuMemory;
  #scratch: DeviceArray | undefined;

  constructor(
    readonly device: GPUDevice,
    traits: EngineTraits,
    reports: DeviceReports,
    readonly pacer = new SubmitPacer(traits.software),
  ) {
    this.traits = { workgroupBytes: device.limits.maxComputeWorkgroupStorageSize, ...traits };
    this.#memory = new GpuMemory(device);
    this.pool = new ArrayPool(this.#memory);
    this.commands = new GpuCommands({ device, pool: this.pool, memory: this.#memory, pacer }, reports);
  }

  get hasHalf(): boolean {
    return this.device.features.has('shader-f16');
  }

  get scratch(): DeviceArray {
    this.#scratch ??= { buffer: this.#memory.create(4 * scratchFloats), offset: 0, shape: [scratchFloats] };
    return this.#scratch;
  }

  /** Returns the array's buffer, for other code that computes on the same device. Submit the commands first. */
  bufferOf({ buffer }: DeviceArray): GPUBuffer {
    return this.#memory.bufferOf(buffer);
  }

  /**
   * Compiles the kernels that `record` dispatches on the engine it is given, all at once and in the background. A
   * kernel that the device cannot compile fails only at its first use.
   */
  async prepareKernels(record: (engine: Engine) => Promise<void>): Promise<void> {
    const collector = new KernelCollector(this);
    await record(collector);
    await Promise.allSettled(collector.kernels.map((kernel) => this.commands.prepare(kernel)));
  }

  dispose(): void {
    this.commands.dispose();
    this.pool.dispose();
    this.device.destroy();
  }
}
