import type { KernelPlan } from '../../../src/domain/kernelPlan';
import { ArrayPool } from '../arrayPool';
import { arrayLength, type DeviceArray } from '../arrays';
import type { BlockMemory } from '../blockMemory';
import type { Commands, CommandCounters } from '../commands';
import type { Engine, EngineTraits } from '../engine';
import { adaptToHalfPrecision } from '../halfPrecision';
import type { HostValues } from '../hostValues';
import type { Kernel } from '../kernel';
import { scratchFloats } from '../scratch';

/** Allocates nothing; its blocks only have a size. */
const noMemory: BlockMemory = { create: (size) => ({ size }), destroy: () => undefined };

/** Collects the kernels of all dispatches and runs none of them. */
class CollectingCommands implements Commands {
  readonly counters: CommandCounters = { dispatches: 0, boundBytes: 0, submits: 0 };
  readonly kernels = new Map<string, Kernel>();

  constructor(private readonly pool: ArrayPool) {}

  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
  ): void {
    const adapted = adaptToHalfPrecision(kernel, arrays);
    this.kernels.set(adapted.code, adapted);
  }

  clear(): void {
    // Arrays of the collector hold no numbers.
  }

  copy(): void {
    // Arrays of the collector hold no numbers.
  }

  write(): void {
    // Arrays of the collector hold no numbers.
  }

  fill(): Promise<void> {
    return Promise.resolve();
  }

  releaseUploads(): void {
    // The collector uploads nothing.
  }

  upload(values: HostValues, shape: readonly number[] = [values.length]): DeviceArray {
    return this.pool.allocate(shape);
  }

  submit(): void {
    // The collector records no commands.
  }

  read({ shape }: DeviceArray): Promise<Float32Array> {
    return Promise.resolve(new Float32Array(arrayLength(shape)));
  }
}

/**
 * An engine that takes no memory, runs nothing, and collects the kernels that another engine of the same kind would
 * run. The operations themselves choose them, so the list matches what that engine runs.
 */
export class KernelCollector implements Engine {
  readonly traits: EngineTraits;
  readonly plan: KernelPlan | undefined;
  readonly hasHalf: boolean;
  readonly pool = new ArrayPool(noMemory);
  readonly commands = new CollectingCommands(this.pool);
  readonly scratch: DeviceArray = { buffer: { size: 4 * scratchFloats }, offset: 0, shape: [scratchFloats] };

  constructor({ traits, plan, hasHalf = false }: Engine) {
    this.traits = traits;
    this.plan = plan;
    this.hasHalf = hasHalf;
  }

  get kernels(): Kernel[] {
    return [...this.commands.kernels.values()];
  }
}
