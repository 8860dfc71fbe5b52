/**
 * Scopes are pushed in this order and popped in reverse, so out-of-memory is reported before the validation errors that
 * it causes.
 */
const filters = ['internal', 'validation', 'out-of-memory'] as const;

/**
 * Keeps error scopes open at all times. Errors between two submits are reported with the second one, before a later
 * readback is trusted. The `uncapturederror` event could arrive only after that readback, which would then return
 * zeros.
 */
export class ErrorScopes {
  #reported: Promise<void> = Promise.resolve();

  constructor(
    private readonly device: GPUDevice,
    private readonly report: (error: GPUError) => void,
  ) {
    this.#push();
  }

  /** Collects the errors of a submit. Call after each submit. */
  next(): void {
    const popped = this.#pop();
    this.#push();
    // A chain, not a list: a run makes thousands of submits, and a chain does not keep the promises of earlier ones.
    this.#reported = this.#reported.then(() => popped);
  }

  /** Resolves when the errors of all submits so far have been reported. */
  reported(): Promise<void> {
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
