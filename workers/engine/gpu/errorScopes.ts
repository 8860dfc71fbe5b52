/** The last is told first: where memory runs out, what needed it is invalid too. */
const filters = ['internal', 'validation', 'out-of-memory'] as const;

/**
 * Scopes of errors, always open: what goes wrong between two submits is told with the second, before a readback behind it counts. An event of
 * the device alone might come after the readback, which then reads zeros.
 */
export class ErrorScopes {
  #told: Promise<void> = Promise.resolve();

  constructor(
    private readonly device: GPUDevice,
    private readonly report: (error: GPUError) => void,
  ) {
    this.#push();
  }

  /** Call behind each submit. */
  next(): void {
    const popped = this.#pop();
    this.#push();
    // Nothing of the submits before is held: a run has thousands.
    this.#told = this.#told.then(() => popped);
  }

  /** Resolves when the errors of all submits so far are reported. */
  told(): Promise<void> {
    return this.#told;
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
      // A scope of a lost device may be rejected; the loss is told by itself.
      if (settled.status === 'fulfilled' && settled.value) this.report(settled.value);
  }
}
