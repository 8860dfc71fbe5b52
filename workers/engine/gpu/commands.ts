import { bytesOf, lengthOf, type ArrayPool, type GpuArray } from './arrays';
import { packParams, type Kernel } from './kernel';

/** Uniforms of one submit lie in slots of this size: WebGPU's largest offset alignment. */
const slotBytes = 256;
/** Slots of one submit; a step of BERT-base needs about 300. */
const slots = 1024;
/** WebGPU lets no implementation forbid this many workgroups in one dimension. */
const maxGroups = 65_535;

export interface Counters {
  dispatches: number;
  /** Bytes of the ranges that were bound, each dispatch by itself. */
  boundBytes: number;
  submits: number;
}

type Pipeline = { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout };

/** Commands in order: kernels, copies and clears are recorded, and run at `submit` or at the next readback. */
export class Commands {
  readonly #device: GPUDevice;
  readonly #pool: ArrayPool;
  readonly #check: () => void;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #uniforms: GPUBuffer;
  readonly #slots = new DataView(new ArrayBuffer(slotBytes * slots));
  #usedSlots = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  readonly counters: Counters = { dispatches: 0, boundBytes: 0, submits: 0 };

  /** `check` throws what the device has reported. */
  constructor(device: GPUDevice, pool: ArrayPool, check: () => void) {
    this.#device = device;
    this.#pool = pool;
    this.#check = check;
    this.#uniforms = device.createBuffer({
      size: slotBytes * slots,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** Records one kernel. `groups`: workgroups in all, or by dimension. No array may be both read and written: WebGPU forbids it. */
  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, GpuArray>>,
    params: Readonly<Record<Param, number>>,
    groups: number | readonly [number, number, number],
  ): void {
    if (this.#usedSlots === slots) this.submit();
    const { pipeline, layout } = this.#pipeline(kernel);
    const bound = [...kernel.reads, ...kernel.writes].map((name) => arrays[name]);
    const offset = slotBytes * this.#usedSlots++;
    packParams(kernel, params, this.#slots, offset);
    const pass = this.#computePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroup(layout, bound), [offset]);
    const [x, y, z] = typeof groups === 'number' ? spread(groups) : groups;
    pass.dispatchWorkgroups(x, y, z);
    this.counters.dispatches++;
    for (const array of bound) this.counters.boundBytes += bytesOf(array);
  }

  /** Sets all numbers to zero. */
  clear(array: GpuArray): void {
    this.#copyEncoder().clearBuffer(array.buffer, array.offset, bytesOf(array));
  }

  copy(from: GpuArray, to: GpuArray): void {
    this.#copyEncoder().copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytesOf(from));
  }

  /** Overwrites the array. What is recorded runs first: it may still read what lay there. */
  write(array: GpuArray, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    if (values.length !== lengthOf(array.shape))
      throw new RangeError(`${values.length} numbers for [${array.shape.join()}]`);
    this.submit();
    this.#device.queue.writeBuffer(array.buffer, array.offset, values);
  }

  /** A new array with these numbers. */
  upload(
    values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
    shape: readonly number[] = [values.length],
  ): GpuArray {
    const array = this.#pool.allocate(shape);
    this.write(array, values);
    return array;
  }

  submit(): void {
    if (!this.#encoder) return;
    this.#pass?.end();
    this.#pass = null;
    if (this.#usedSlots > 0)
      this.#device.queue.writeBuffer(this.#uniforms, 0, this.#slots.buffer, 0, slotBytes * this.#usedSlots);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#usedSlots = 0;
    this.counters.submits++;
  }

  /** The numbers on the host. // GPU→CPU sync. Throws what the device has reported meanwhile. */
  async read(array: GpuArray): Promise<Float32Array> {
    const bytes = bytesOf(array);
    const staging = this.#device.createBuffer({
      size: Math.max(4, bytes),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      if (bytes > 0) this.#copyEncoder().copyBufferToBuffer(array.buffer, array.offset, staging, 0, bytes);
      this.submit();
      await staging.mapAsync(GPUMapMode.READ, 0, bytes);
      this.#check();
      return new Float32Array(staging.getMappedRange(0, bytes).slice(0));
    } catch (thrown) {
      this.#check();
      throw thrown;
    } finally {
      staging.destroy();
    }
  }

  dispose(): void {
    this.#uniforms.destroy();
  }

  #commandEncoder(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #computePass(): GPUComputePassEncoder {
    return (this.#pass ??= this.#commandEncoder().beginComputePass());
  }

  #copyEncoder(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = null;
    return this.#commandEncoder();
  }

  #bindGroup(layout: GPUBindGroupLayout, arrays: readonly GpuArray[]): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.#uniforms, size: slotBytes } }];
    arrays.forEach((array, i) => {
      const { buffer, offset } = array;
      entries.push({
        binding: i + 1,
        resource: { buffer, offset, size: Math.max(16, Math.ceil(bytesOf(array) / 16) * 16) },
      });
    });
    return this.#device.createBindGroup({ layout, entries });
  }

  #pipeline(kernel: Kernel): Pipeline {
    const known = this.#pipelines.get(kernel.code);
    if (known) return known;
    const buffer = (type: GPUBufferBindingType) => ({ visibility: GPUShaderStage.COMPUTE, buffer: { type } });
    const layout = this.#device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...kernel.reads.map((_, i) => ({ binding: 1 + i, ...buffer('read-only-storage') })),
        ...kernel.writes.map((_, i) => ({ binding: 1 + kernel.reads.length + i, ...buffer('storage') })),
      ],
    });
    const pipeline = this.#device.createComputePipeline({
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: this.#device.createShaderModule({ label: kernel.name, code: kernel.code }),
        entryPoint: 'main',
      },
    });
    const made = { pipeline, layout };
    this.#pipelines.set(kernel.code, made);
    return made;
  }
}

/** Workgroups in all as [x, y, 1]; some of the last row may lie beyond the end. */
function spread(groups: number): readonly [number, number, number] {
  if (groups <= maxGroups) return [groups, 1, 1];
  const y = Math.ceil(groups / maxGroups);
  return [Math.ceil(groups / y), y, 1];
}
