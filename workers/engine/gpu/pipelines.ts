import type { Kernel } from '../kernel';

export interface Pipeline {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/** The kernels that a device has compiled. Equal code is compiled once. */
export class Pipelines {
  readonly #ready = new Map<string, Pipeline>();
  readonly #preparing = new Map<string, Promise<void>>();

  constructor(private readonly device: GPUDevice) {}

  find(kernel: Kernel): Pipeline | undefined {
    return this.#ready.get(kernel.code);
  }

  /** Compiles a kernel that must run now. Errors reach the open error scopes. */
  compile(kernel: Kernel): Pipeline {
    const { layout, descriptor } = this.#describe(kernel);
    const made = { pipeline: this.device.createComputePipeline(descriptor), layout };
    this.#ready.set(kernel.code, made);
    return made;
  }

  /** Compiles a kernel in the background. Rejects if the device cannot compile the kernel; the device stays usable. */
  prepare(kernel: Kernel): Promise<void> {
    if (this.#ready.has(kernel.code)) return Promise.resolve();
    const known = this.#preparing.get(kernel.code);
    if (known) return known;
    // Without this scope, a shader that does not parse would raise an uncaptured error and end the run.
    this.device.pushErrorScope('validation');
    const { layout, descriptor } = this.#describe(kernel);
    const compiling = this.device.createComputePipelineAsync(descriptor);
    const preparing = Promise.all([compiling, this.device.popErrorScope()]).then(([pipeline, error]) => {
      if (error) throw new RangeError(error.message);
      this.#ready.set(kernel.code, { pipeline, layout });
    });
    this.#preparing.set(kernel.code, preparing);
    return preparing;
  }

  #describe(kernel: Kernel): { layout: GPUBindGroupLayout; descriptor: GPUComputePipelineDescriptor } {
    const buffer = (type: GPUBufferBindingType) => ({ visibility: GPUShaderStage.COMPUTE, buffer: { type } });
    const layout = this.device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...kernel.reads.map((_, i) => ({ binding: 1 + i, ...buffer('read-only-storage') })),
        ...kernel.writes.map((_, i) => ({ binding: 1 + kernel.reads.length + i, ...buffer('storage') })),
      ],
    });
    const descriptor = {
      label: kernel.name,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: this.device.createShaderModule({ label: kernel.name, code: kernel.code }),
        entryPoint: 'main',
      },
    };
    return { layout, descriptor };
  }
}
