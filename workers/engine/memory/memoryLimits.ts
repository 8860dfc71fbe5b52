/** Memory limits of a run on one device. */
export interface MemoryLimits {
  /** Total memory that a run may use. */
  budgetBytes: number;
  /** Size of the largest array that the device allows. */
  arrayBytes: number;
  /**
   * Scratch bytes of all threads minus `scratchBytes`. Plans count `scratchBytes` for every device, but wasm threads
   * have their own scratch memory instead of the scratch array. May be negative.
   */
  threadBytes?: number;
}
