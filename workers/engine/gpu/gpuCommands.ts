import type { KernelTime } from '../../../src/domain/benchmark/kernelTime';
import { arrayByteLength, arrayLength, type DeviceArray } from '../arrays';
import type { ArrayPool } from '../arrayPool';
import type { Commands, CommandCounters } from '../commands';
import type { HostValues } from '../hostValues';
import { fromHalfPrecision } from '../halfPrecision';
import { packKernelParams, kernelFlops, type Kernel } from '../kernel';
import { BindGroups, slotBytes } from './bindGroups';
import { CommandRecorder } from './commandRecorder';
import { ErrorScopes } from './errorScopes';
import type { GpuMemory } from './gpuMemory';
import { KernelProfile, PassTimes } from './kernelProfile';
import { Pipelines, type Pipeline } from './pipelines';
import type { DeviceReports } from './deviceReports';
import { spreadGroups } from './spreadGroups';
import { StagingBuffers } from './stagingBuffers';
import type { SubmitPacer } from './submitPacer';
import { UploadRing } from './uploadRing';

/** Uniform slots per submit. A timed pass of a small kernel may need this many dispatches. */
const slots = 4096;
/**
 * Maximum number of dispatches in the first submit after a readback. It is small so that the device starts work long
 * before the whole step is recorded. Each further submit holds twice as many, because by then the device is busy.
 */
const firstBatch = 16;

/** WebGPU commands. Kernels, copies and clears are recorded into one encoder. */
export class GpuCommands implements Commands {
  readonly #device: GPUDevice;
  readonly #pool: ArrayPool;
  readonly #memory: GpuMemory;
  readonly #pacer: SubmitPacer;
  readonly #check: () => void;
  readonly #recorder: CommandRecorder;
  readonly #scopes: ErrorScopes;
  readonly #pipelines: Pipelines;
  readonly #uploads: UploadRing;
  readonly #bindGroups: BindGroups;
  readonly #staging: StagingBuffers;
  readonly #uniforms: GPUBuffer;
  readonly #slots = new DataView(new ArrayBuffer(slotBytes * slots));
  #usedSlots = 0;
  /** Maximum number of dispatches in the current submit. */
  #batch = firstBatch;
  /** Estimated FLOPs recorded since the last submit. */
  #work = 0;
  /** Whether kernels were compiled since the last submit. */
  #compiled = false;
  #profile: KernelProfile | undefined;
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
    this.#recorder = new CommandRecorder(device);
    this.#scopes = new ErrorScopes(device, report);
    this.#pipelines = new Pipelines(device);
    this.#uploads = new UploadRing(device);
    this.#uniforms = device.createBuffer({
      size: slotBytes * slots,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#bindGroups = new BindGroups(device, memory, this.#uniforms);
    this.#staging = new StagingBuffers(device);
  }

  dispatch<Param extends string, Read extends string, Write extends string>(
    kernel: Kernel<Param, Read, Write>,
    arrays: Readonly<Record<Read | Write, DeviceArray>>,
    params: Readonly<Record<Param, number>>,
    groups: number | readonly [number, number, number],
  ): void {
    const bound: DeviceArray[] = [];
    for (const name of kernel.reads) bound.push(arrays[name]);
    for (const name of kernel.writes) bound.push(arrays[name]);
    const bytes = bound.reduce((sum, array) => sum + arrayByteLength(array), 0);
    this.#makeRoom(kernelFlops(kernel, params, bytes));
    const { pipeline, binding } = this.#pipeline(kernel, bound);
    const group = this.#bindGroups.of(binding, bound);
    const offset = slotBytes * this.#usedSlots++;
    packKernelParams(kernel, params, this.#slots, offset);
    if (this.#profile && !this.#recorder.timing)
      this.#recorder.beginPass(this.#profile.next({ name: kernel.name, bytes, flops: kernel.flops?.(params) ?? 0 }));
    this.#recorder.dispatch(pipeline, group, offset, typeof groups === 'number' ? spreadGroups(groups) : groups);
    this.counters.dispatches++;
    this.counters.boundBytes += bytes;
  }

  clear(array: DeviceArray): void {
    this.#recorder.copies().clearBuffer(this.#memory.bufferOf(array.buffer), array.offset, wordBytes(array));
  }

  copy(from: DeviceArray, to: DeviceArray): void {
    this.#recorder.copies().copyBufferToBuffer(...this.#range(from), ...this.#range(to), wordBytes(from));
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
    try {
      await this.#uploads.fill(bytes, values, (from) => {
        this.#recorder.copies().copyBufferToBuffer(from, 0, ...this.#range(array), bytes);
        this.submit();
      });
    } catch (thrown) {
      await this.#submitChecked()();
      throw thrown;
    }
  }

  releaseUploads(): void {
    this.#uploads.release();
  }

  submit(): void {
    const recorded = this.#recorder.finish();
    if (!recorded) return;
    if (this.#usedSlots > 0)
      this.#device.queue.writeBuffer(this.#uniforms, 0, this.#slots.buffer, 0, slotBytes * this.#usedSlots);
    this.#device.queue.submit([recorded]);
    // Not awaited, because only the pacer uses the time. A lost device is reported elsewhere, and its submits are not
    // timed.
    const done = this.#pacer.submitted(this.#work, this.#compiled);
    this.#device.queue.onSubmittedWorkDone().then(done, () => undefined);
    this.#compiled = false;
    this.#usedSlots = 0;
    this.#work = 0;
    this.counters.submits++;
  }

  /**
   * Submits the recorded commands if the next dispatch, of `work` estimated FLOPs, would make the submit too long. A
   * timed pass is never split: its caller chooses how much it holds.
   */
  #makeRoom(work: number): void {
    if (this.#recorder.timing) {
      if (this.#usedSlots === slots) throw new RangeError(`more than ${slots} dispatches in a timed pass`);
    } else if (this.#usedSlots >= this.#batch) {
      this.submit();
      this.#batch = Math.min(2 * this.#batch, slots);
    } else if (this.#work + work > this.#pacer.maxFlops) this.submit();
    this.#work += work;
  }

  /**
   * Submits the recorded commands. Returns a function that throws any error that the device has reported about them or
   * about earlier commands.
   */
  #submitChecked(): () => Promise<void> {
    this.submit();
    this.#batch = firstBatch;
    const reported = this.#scopes.next();
    return async () => {
      await reported;
      this.#check();
    };
  }

  /** Submits the recorded commands and resolves when the device has finished all submitted work. */
  async finished(): Promise<void> {
    const check = this.#submitChecked();
    await this.#device.queue.onSubmittedWorkDone();
    await check();
  }

  /**
   * Submits the commands recorded so far, then runs the dispatches of `record` in one compute pass. Returns the pass's
   * GPU time in milliseconds, or undefined if the device has no timestamps. Throws RangeError if `record` does anything
   * but dispatch, or dispatches more than 4,096 times. Throws any error that the device has reported. GPU→CPU sync.
   */
  async timed(record: () => void): Promise<number | undefined> {
    this.submit();
    if (!this.#hasTimestamps) {
      record();
      await this.finished();
      return undefined;
    }
    const times = new PassTimes(this.#device);
    this.#recorder.beginPass(times.next());
    this.#recorder.timing = true;
    try {
      record();
    } finally {
      this.#recorder.timing = false;
      this.submit();
    }
    const check = this.#submitChecked();
    const [ms] = await times.milliseconds();
    await check();
    return ms;
  }

  /** Starts a profile: each dispatch from now on runs in its own timed pass. */
  startProfile(): void {
    this.submit();
    if (this.#hasTimestamps) this.#profile = new KernelProfile(this.#device);
  }

  /**
   * Ends the profile and returns the GPU time per kernel, longest first; empty if the device has no timestamps. Throws
   * any error that the device has reported. GPU→CPU sync.
   */
  async finishProfile(): Promise<KernelTime[]> {
    const check = this.#submitChecked();
    const profile = this.#profile;
    this.#profile = undefined;
    const sums = (await profile?.sums()) ?? [];
    await check();
    return sums;
  }

  /** Number of bind groups in the cache. */
  get cachedBindGroups(): number {
    return this.#bindGroups.cached;
  }

  get #hasTimestamps(): boolean {
    return this.#device.features.has('timestamp-query');
  }

  async read(array: DeviceArray): Promise<Float32Array> {
    const bytes = wordBytes(array);
    const staging = this.#staging.take(bytes);
    if (bytes > 0) this.#recorder.copies().copyBufferToBuffer(...this.#range(array), staging.buffer, 0, bytes);
    const check = this.#submitChecked();
    const copied = await this.#staging.read(staging, bytes, check);
    return array.dtype === 'f16'
      ? fromHalfPrecision(new Uint16Array(copied, 0, arrayLength(array.shape)))
      : new Float32Array(copied);
  }

  dispose(): void {
    this.#scopes.dispose();
    this.#uploads.release();
    this.#staging.dispose();
    this.#uniforms.destroy();
  }

  #range({ buffer, offset }: DeviceArray): [GPUBuffer, number] {
    return [this.#memory.bufferOf(buffer), offset];
  }

  /** Compiles a kernel in the background. Rejects if the device cannot compile the kernel; the device stays usable. */
  prepare(kernel: Kernel): Promise<void> {
    return this.#pipelines.prepare(kernel);
  }

  #pipeline(kernel: Kernel, bound: readonly DeviceArray[]): Pipeline {
    const known = this.#pipelines.find(kernel, bound);
    if (known) return known;
    this.#compiled = true;
    return this.#pipelines.compile(kernel, bound);
  }
}

/**
 * Returns the array's bytes, rounded up to whole words, because WebGPU copies and clears in multiples of four bytes.
 */
function wordBytes(array: DeviceArray): number {
  return 4 * Math.ceil(arrayByteLength(array) / 4);
}
