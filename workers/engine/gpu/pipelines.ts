import type { DeviceArray } from '../arrays';
import { adaptToHalfPrecision } from '../halfPrecision';
import type { Kernel } from '../kernel';

/** A bind group layout, shared by all kernels with the same numbers of read and written arrays. */
export interface BindingLayout {
  id: number;
  layout: GPUBindGroupLayout;
  pipelineLayout: GPUPipelineLayout;
}

export interface Pipeline {
  pipeline: GPUComputePipeline;
  binding: BindingLayout;
}

/** The kernels that a device has compiled. Identical code is compiled once. */
export class Pipelines {
  readonly #ready = new Map<string, Pipeline>();
  readonly #preparing = new Map<string, Promise<void>>();
  readonly #layouts = new Map<string, BindingLayout>();
  /**
   * Pipelines by kernel and by which of its arrays are in half precision. This avoids looking them up by their whole
   * code.
   */
  readonly #found = new WeakMap<object, Map<number, Pipeline>>();

  constructor(private readonly device: GPUDevice) {}

  /** Returns the compiled pipeline for these arrays, or undefined if there is none yet. `bound` is in binding order. */
  find(kernel: Kernel, bound: readonly DeviceArray[]): Pipeline | undefined {
    const variants = this.#found.get(kernel) ?? new Map<number, Pipeline>();
    const variant = halfMask(bound);
    const known = variants.get(variant) ?? this.#ready.get(adapted(kernel, bound).code);
    if (!known) return undefined;
    variants.set(variant, known);
    this.#found.set(kernel, variants);
    return known;
  }

  /** Compiles a kernel that is about to run. The open error scopes catch its errors. */
  compile(kernel: Kernel, bound: readonly DeviceArray[]): Pipeline {
    const fitting = adapted(kernel, bound);
    const { binding, descriptor } = this.#describe(fitting);
    const made = { pipeline: this.device.createComputePipeline(descriptor), binding };
    this.#ready.set(fitting.code, made);
    return made;
  }

  /** Compiles a kernel in the background. Rejects if the device cannot compile the kernel; the device stays usable. */
  prepare(kernel: Kernel): Promise<void> {
    if (this.#ready.has(kernel.code)) return Promise.resolve();
    const known = this.#preparing.get(kernel.code);
    if (known) return known;
    // Without this scope, a shader that does not parse would raise an uncaptured error and end the run.
    this.device.pushErrorScope('validation');
    const { binding, descriptor } = this.#describe(kernel);
    const compiling = this.device.createComputePipelineAsync(descriptor);
    const preparing = Promise.all([compiling, this.device.popErrorScope()]).then(([pipeline, error]) => {
      if (error) throw new RangeError(error.message);
      this.#ready.set(kernel.code, { pipeline, binding });
    });
    this.#preparing.set(kernel.code, preparing);
    return preparing;
  }

  #describe(kernel: Kernel): { binding: BindingLayout; descriptor: GPUComputePipelineDescriptor } {
    const binding = this.#layoutOf(kernel.reads.length, kernel.writes.length);
    const descriptor = {
      label: kernel.name,
      layout: binding.pipelineLayout,
      compute: {
        module: this.device.createShaderModule({ label: kernel.name, code: kernel.code }),
        entryPoint: 'main',
      },
    };
    return { binding, descriptor };
  }

  #layoutOf(reads: number, writes: number): BindingLayout {
    const key = `${reads} ${writes}`;
    const known = this.#layouts.get(key);
    if (known) return known;
    const visibility = GPUShaderStage.COMPUTE;
    const typeOf = (i: number): GPUBufferBindingType => (i < reads ? 'read-only-storage' : 'storage');
    const arrays = Array.from({ length: reads + writes }, (_, i) => ({
      binding: 1 + i,
      visibility,
      buffer: { type: typeOf(i) },
    }));
    const layout = this.device.createBindGroupLayout({
      entries: [{ binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } }, ...arrays],
    });
    const pipelineLayout = this.device.createPipelineLayout({ bindGroupLayouts: [layout] });
    const made = { id: this.#layouts.size, layout, pipelineLayout };
    this.#layouts.set(key, made);
    return made;
  }
}

/** Returns a bit mask with a set bit for each array in half precision. */
function halfMask(bound: readonly DeviceArray[]): number {
  let mask = 0;
  let bit = 1;
  for (const { dtype } of bound) {
    if (dtype === 'f16') mask |= bit;
    bit *= 2;
  }
  return mask;
}

function adapted(kernel: Kernel, bound: readonly DeviceArray[]): Kernel {
  const arrays: Record<string, DeviceArray> = {};
  [...kernel.reads, ...kernel.writes].forEach((name, i) => {
    const array = bound[i];
    if (array) arrays[name] = array;
  });
  return adaptToHalfPrecision(kernel, arrays);
}
