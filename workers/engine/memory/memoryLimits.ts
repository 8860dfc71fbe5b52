/** What a run may take on one device. */
export interface MemoryLimits {
  /** What a run may take in all. */
  budgetBytes: number;
  /** What the device allows in one array. */
  arrayBytes: number;
  /** What the device's threads have for themselves, beyond what every device's products take. */
  threadBytes?: number;
}
