/** Records the commands of one submit. Consecutive dispatches share one compute pass. */
export class CommandRecorder {
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  /** The pipeline that the open pass uses. */
  #current: GPUComputePipeline | null = null;
  /** Whether a timed pass is being recorded. A timed pass is never split. */
  timing = false;

  constructor(private readonly device: GPUDevice) {}

  dispatch(
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    offset: number,
    [x, y, z]: readonly [number, number, number],
  ): void {
    const pass = (this.#pass ??= this.#commandEncoder().beginComputePass());
    if (this.#current !== pipeline) pass.setPipeline(pipeline);
    this.#current = pipeline;
    pass.setBindGroup(0, group, [offset]);
    pass.dispatchWorkgroups(x, y, z);
  }

  /** Begins a compute pass for which the GPU writes timestamps. */
  beginPass(timestampWrites: GPUComputePassTimestampWrites): void {
    this.#pass = this.copies().beginComputePass({ timestampWrites });
  }

  /** Ends the open pass. Returns the encoder, which then takes copies and clears. */
  copies(): GPUCommandEncoder {
    this.#endPass();
    return this.#commandEncoder();
  }

  /** Returns the commands recorded since the last call, or null if there are none. */
  finish(): GPUCommandBuffer | null {
    if (!this.#encoder) return null;
    this.#endPass();
    const commands = this.#encoder.finish();
    this.#encoder = null;
    return commands;
  }

  #commandEncoder(): GPUCommandEncoder {
    return (this.#encoder ??= this.device.createCommandEncoder());
  }

  #endPass(): void {
    if (this.timing) throw new RangeError('only dispatches can be timed');
    this.#pass?.end();
    this.#pass = null;
    this.#current = null;
  }
}
