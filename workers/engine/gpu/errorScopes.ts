/**
 * Scopes are pushed in this order and popped in reverse, so out-of-memory is reported before the validation errors that
 * it causes.
 */
const filters = ['internal', 'validation', 'out-of-memory'] as const;

/**
 * Keeps error scopes open at all times and closes them at each readback, so that an error is reported before the
 * readback is trusted. The `uncapturederror` event might arrive only after that readback, which would then return
 * zeros. Opening scopes per submit would cost more than the submits of a small step.
 */
export class ErrorScopes {
  #reported: Promise<void> = Promise.resolve();

  constructor(
    private readonly device: GPUDevice,
    private readonly report: (error: GPUError) => void,
  ) {
    this.#push();
  }

  /**
   * Call once the commands of a readback are submitted. The promise resolves when all errors so far have been reported.
   */
  next(): Promise<void> {
    const popped = this.#pop();
    this.#push();
    // Chains the promises instead of listing them: a run reads back thousands of times, and a list would keep every
    // promise.
    this.#reported = this.#reported.then(() => popped);
    return this.#reported;
  }

  dispose(): void {
    void this.#pop();
  }

  #push(): void {
    for (const filter of filters) this.device.pushErrorScope(filter);
  }

  async #pop(): Promise<void> {
    const errors = filters.map(() => this.device.popErrorScope());
    for (const settled of await Promise.allSettled(errors))
      // Popping a scope of a lost device may reject. The loss itself is reported elsewhere.
      if (settled.status === 'fulfilled' && settled.value) this.report(settled.value);
  }
}
