/** Memory limits of a run on one device. */
export interface MemoryLimits {
  /** Total memory that a run may use. */
  budgetBytes: number;
  /** Largest array that the device allows. */
  arrayBytes: number;
  /**
   * Scratch memory of all threads less `scratchBytes`, which plans count for every device: threads have theirs instead
   * of the scratch array. May be negative.
   */
  threadBytes?: number;
}
