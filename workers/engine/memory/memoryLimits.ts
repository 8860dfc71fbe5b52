/** Memory limits of a run on one device. */
export interface MemoryLimits {
  /** Total memory that a run may use. */
  budgetBytes: number;
  /** Largest array that the device allows. */
  arrayBytes: number;
  /** Scratch memory of all threads. Does not include the scratch array that every engine has. */
  threadBytes?: number;
}
