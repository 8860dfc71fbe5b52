import { ArrayPool } from './arrays';
import { Commands } from './commands';

/** What kernels choose their variant by. */
export interface GpuTraits {
  /** The adapter computes on the CPU: barriers and workgroup memory are slow there, big register tiles are not. */
  software: boolean;
}

/** One WebGPU device with its buffers and commands. */
export class Gpu {
  readonly pool: ArrayPool;
  readonly commands: Commands;

  constructor(
    readonly device: GPUDevice,
    readonly traits: GpuTraits,
    check: () => void,
  ) {
    this.pool = new ArrayPool(device);
    this.commands = new Commands(device, this.pool, check);
  }

  dispose(): void {
    this.commands.dispose();
    this.pool.dispose();
  }
}
