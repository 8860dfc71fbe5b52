import { arrayByteLength, arrayLength, type DeviceArray } from '../arrays';
import type { ArrayPool } from '../arrayPool';
import type { Commands, CommandCounters } from '../commands';
import type { HostValues } from '../hostValues';
import { adaptToHalfPrecision, fromHalfPrecision } from '../halfPrecision';
import { packKernelParams, kernelFlops, type Kernel } from '../kernel';
import { ErrorScopes } from './errorScopes';
import type { GpuMemory } from './gpuMemory';
import { KernelProfile, PassTimes, type KernelTime } from './kernelProfile';
import { Pipelines, type Pipeline } from './pipelines';
import type { DeviceReports } from './deviceReports';
import type { SubmitPacer } from './submitPacer';
import { UploadRing } from './uploadRing';

/** Bytes of a uniform slot. WebGPU lets no device require a larger alignment of uniform offsets. */
const slotBytes = 256;
/** Uniform slots per submit. A step of BERT-base needs about 300, a timed pass of a small kernel thousands. */
const slots = 4096;
/** Maximum workgroups per dimension: every WebGPU device allows this many. */
const maxGroups = 65_535;

/** WebGPU commands: kernels, copies and clears are recorded into one encoder. */
export class GpuCommands implements Commands {
  readonly #device: GPUDevice;
  readonly #pool: ArrayPool;
  readonly #memory: GpuMemory;
  readonly #pacer: SubmitPacer;
  readonly #check: () => void;
  readonly #scopes: ErrorScopes;
  readonly #pipelines: Pipelines;
  readonly #uploads: UploadRing;
  readonly #uniforms: GPUBuffer;
  readonly #slots = new DataView(new ArrayBuffer(slotBytes * slots));
  #usedSlots = 0;
  /** Estimated FLOPs recorded since the last submit. */
  #work = 0;
  /** Whether kernels were compiled since the last submit. */
  #compiled = false;
  /** Whether a timed pass is being recorded. It is never split. */
  #timing = false;
  #profile: KernelProfile | undefined;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  readonly counters: CommandCounters = { dispatches: 0, boundBytes: 0, submits: 0 };

  constructor(
    { device, pool, memory, pacer }: { device: GPUDevice; pool: ArrayPool; memory: GpuMemory; pacer: SubmitPacer },
    { report, check }: DeviceReports,
  ) {
    this.#device = device;
    this.#pool = pool;
    this.#memory = memory;
    this.#pacer = pacer;
    this.#check = check;
    this.#scopes = new ErrorScopes(device, report);
    this.#pipelines = new Pipelines(device);
    this.#uploads = new UploadRing(device);
    this.#uniforms = device.createBuffer({
      size: slotBytes * slots,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
    params: Readonly<Record<Param, number>>,
    groups: number | readonly [number, number, number],
  ): void {
    const bound = [...kernel.reads, ...kernel.writes].map((name) => arrays[name]);
    const bytes = bound.reduce((sum, array) => sum + arrayByteLength(array), 0);
    const work = kernelFlops(kernel, params, bytes);
    if (this.#usedSlots === slots || this.#work + work > this.#pacer.maxFlops) this.#submitEarly();
    this.#work += work;
    const adapted = adaptToHalfPrecision(kernel, arrays);
    const { pipeline, layout } = this.#pipeline(adapted);
    const offset = slotBytes * this.#usedSlots++;
    packKernelParams(kernel, params, this.#slots, offset);
    if (this.#profile && !this.#timing)
      this.#beginPass(this.#profile.next({ name: kernel.name, bytes, flops: kernel.flops?.(params) ?? 0 }));
    const pass = this.#computePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroup(layout, bound), [offset]);
    const [x, y, z] = typeof groups === 'number' ? spread(groups) : groups;
    pass.dispatchWorkgroups(x, y, z);
    this.counters.dispatches++;
    this.counters.boundBytes += bytes;
  }

  clear(array: DeviceArray): void {
    this.#copyEncoder().clearBuffer(this.#memory.bufferOf(array.buffer), array.offset, wordBytes(array));
  }

  copy(from: DeviceArray, to: DeviceArray): void {
    this.#copyEncoder().copyBufferToBuffer(...this.#range(from), ...this.#range(to), wordBytes(from));
  }

  write(array: DeviceArray, values: HostValues): void {
    if (values.length !== arrayLength(array.shape))
      throw new RangeError(`cannot write ${values.length} numbers to an array of shape [${array.shape.join()}]`);
    if (array.dtype === 'f16') throw new RangeError('the host cannot write to an array in half precision');
    this.submit();
    this.#device.queue.writeBuffer(...this.#range(array), values);
  }

  upload(values: HostValues, shape: readonly number[] = [values.length]): DeviceArray {
    const array = this.#pool.allocate(shape);
    this.write(array, values);
    return array;
  }

  async fill(array: DeviceArray, values: (into: Float32Array<ArrayBuffer>) => void): Promise<void> {
    const bytes = arrayByteLength(array);
    const slot = await this.#uploads.take(bytes);
    values(new Float32Array(slot.getMappedRange(0, bytes)));
    slot.unmap();
    this.#copyEncoder().copyBufferToBuffer(slot, 0, ...this.#range(array), bytes);
    this.submit();
    this.#uploads.give(slot);
  }

  releaseUploads(): void {
    this.#uploads.release();
  }

  submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    if (this.#usedSlots > 0)
      this.#device.queue.writeBuffer(this.#uniforms, 0, this.#slots.buffer, 0, slotBytes * this.#usedSlots);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#scopes.next();
    // Not awaited: the pacer only learns from the time. A lost device is reported elsewhere, and its submits are not
    // timed.
    const done = this.#pacer.submitted(this.#work, this.#compiled);
    this.#device.queue.onSubmittedWorkDone().then(done, () => undefined);
    this.#compiled = false;
    this.#encoder = null;
    this.#usedSlots = 0;
    this.#work = 0;
    this.counters.submits++;
  }

  /** Submits a part of what an operation records. A timed pass stays whole: its caller chooses how much it holds. */
  #submitEarly(): void {
    if (!this.#timing) this.submit();
    else if (this.#usedSlots === slots) throw new RangeError(`more than ${slots} dispatches in a timed pass`);
  }

  /** Submits, and resolves when the device has finished all submitted work. */
  async finished(): Promise<void> {
    this.submit();
    await this.#device.queue.onSubmittedWorkDone();
    await this.#scopes.reported();
    this.#check();
  }

  /**
   * Submits what was recorded before and runs the dispatches of `record` in one compute pass. Returns the GPU's
   * milliseconds, or undefined if the device has no timestamps. Throws RangeError if `record` does more than dispatch,
   * or dispatches more than 4,096 times, and any error that the device has reported. GPU→CPU sync.
   */
  async timed(record: () => void): Promise<number | undefined> {
    this.submit();
    if (!this.#hasTimestamps) {
      record();
      await this.finished();
      return undefined;
    }
    const times = new PassTimes(this.#device);
    this.#beginPass(times.next());
    this.#timing = true;
    try {
      record();
    } finally {
      this.#timing = false;
      this.submit();
    }
    const [ms] = await times.milliseconds();
    await this.#scopes.reported();
    this.#check();
    return ms;
  }

  /** From now on, each dispatch runs in its own pass and is measured. */
  startProfile(): void {
    this.submit();
    if (this.#hasTimestamps) this.#profile = new KernelProfile(this.#device);
  }

  /**
   * Ends the profile and returns the GPU's time by kernel, longest first; nothing if the device has no timestamps.
   * Throws any error that the device has reported. GPU→CPU sync.
   */
  async finishProfile(): Promise<KernelTime[]> {
    this.submit();
    const profile = this.#profile;
    this.#profile = undefined;
    const sums = (await profile?.sums()) ?? [];
    await this.#scopes.reported();
    this.#check();
    return sums;
  }

  get #hasTimestamps(): boolean {
    return this.#device.features.has('timestamp-query');
  }

  async read(array: DeviceArray): Promise<Float32Array> {
    const bytes = wordBytes(array);
    const staging = this.#device.createBuffer({
      size: Math.max(4, bytes),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      if (bytes > 0) this.#copyEncoder().copyBufferToBuffer(...this.#range(array), staging, 0, bytes);
      this.submit();
      await staging.mapAsync(GPUMapMode.READ, 0, bytes);
      await this.#scopes.reported();
      this.#check();
      const copied = staging.getMappedRange(0, bytes).slice(0);
      return array.dtype === 'f16'
        ? fromHalfPrecision(new Uint16Array(copied, 0, arrayLength(array.shape)))
        : new Float32Array(copied);
    } catch (thrown) {
      await this.#scopes.reported();
      this.#check();
      throw thrown;
    } finally {
      staging.destroy();
    }
  }

  dispose(): void {
    this.#scopes.dispose();
    this.#uploads.release();
    this.#uniforms.destroy();
  }

  #range({ buffer, offset }: DeviceArray): [GPUBuffer, number] {
    return [this.#memory.bufferOf(buffer), offset];
  }

  #commandEncoder(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #computePass(): GPUComputePassEncoder {
    return (this.#pass ??= this.#commandEncoder().beginComputePass());
  }

  #beginPass(timestampWrites: GPUComputePassTimestampWrites): void {
    this.#pass = this.#copyEncoder().beginComputePass({ timestampWrites });
  }

  #copyEncoder(): GPUCommandEncoder {
    this.#endPass();
    return this.#commandEncoder();
  }

  #endPass(): void {
    if (this.#timing) throw new RangeError('only dispatches can be timed');
    this.#pass?.end();
    this.#pass = null;
  }

  #bindGroup(layout: GPUBindGroupLayout, arrays: readonly DeviceArray[]): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.#uniforms, size: slotBytes } }];
    arrays.forEach((array, i) => {
      const [buffer, offset] = this.#range(array);
      entries.push({
        binding: i + 1,
        resource: { buffer, offset, size: Math.max(16, Math.ceil(arrayByteLength(array) / 16) * 16) },
      });
    });
    return this.#device.createBindGroup({ layout, entries });
  }

  /** Compiles a kernel in the background. Rejects if the device cannot compile the kernel; the device stays usable. */
  prepare(kernel: Kernel): Promise<void> {
    return this.#pipelines.prepare(kernel);
  }

  #pipeline(kernel: Kernel): Pipeline {
    const known = this.#pipelines.find(kernel);
    if (known) return known;
    this.#compiled = true;
    return this.#pipelines.compile(kernel);
  }
}

/** Returns the array's bytes, rounded up to whole words: WebGPU copies and clears in multiples of four bytes. */
function wordBytes(array: DeviceArray): number {
  return 4 * Math.ceil(arrayByteLength(array) / 4);
}

/** Splits a number of workgroups into [x, y, 1]. The last row may contain workgroups past the end, which do nothing. */
function spread(groups: number): readonly [number, number, number] {
  if (groups <= maxGroups) return [groups, 1, 1];
  const y = Math.ceil(groups / maxGroups);
  return [Math.ceil(groups / y), y, 1];
}
