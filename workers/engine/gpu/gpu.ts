import type { KernelPlan } from '../../../src/domain/kernelPlan';
import { ArrayPool, type Block, type DeviceArray, type Memory } from '../arrays';
import { scratchFloats, type Engine, type Traits } from '../engine';
import { GpuCommands } from './commands';
import { SubmitPacer } from './submitPacer';

/** Where the device's errors go. */
export interface Reports {
  /** Takes an error that the device told of. */
  report: (error: GPUError) => void;
  /** Throws what was reported, an error or the loss of the device: asked at every readback. */
  check: () => void;
}

/** One WebGPU device with its buffers and commands. */
export class Gpu implements Engine {
  readonly pool: ArrayPool;
  readonly commands: GpuCommands;
  plan: KernelPlan | undefined;
  readonly #memory: GpuMemory;
  #scratch: DeviceArray | undefined;

  constructor(
    readonly device: GPUDevice,
    readonly traits: Traits,
    reports: Reports,
    readonly pacer = new SubmitPacer(traits.software),
  ) {
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

  dispose(): void {
    this.commands.dispose();
    this.pool.dispose();
    this.device.destroy();
  }
}

/** A block is a buffer. */
export class GpuMemory implements Memory {
  readonly #buffers = new Map<Block, GPUBuffer>();

  constructor(private readonly device: GPUDevice) {}

  create(size: number): Block {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.#buffers.set(buffer, buffer);
    return buffer;
  }

  /** Throws a RangeError for a block of another memory, or one that is destroyed. */
  bufferOf(block: Block): GPUBuffer {
    const buffer = this.#buffers.get(block);
    if (!buffer) throw new RangeError('no buffer of this device');
    return buffer;
  }

  destroy(block: Block): void {
    this.bufferOf(block).destroy();
    this.#buffers.delete(block);
  }
}
