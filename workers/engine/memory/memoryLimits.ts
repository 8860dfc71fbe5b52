/** Memory limits of a run on one device. */
export interface MemoryLimits {
  /** Total memory that a run may use. */
  budgetBytes: number;
  /** Largest array that the device allows. */
  arrayBytes: number;
  /** Scratch memory of the device's threads, beyond the scratch array that is counted for every device. */
  threadBytes?: number;
}
