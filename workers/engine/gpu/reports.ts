/** Where the errors of a device go. */
export interface Reports {
  /** Records an error that the device reported. */
  report: (error: GPUError) => void;
  /** Throws a recorded error, or the loss of the device. Called at every readback. */
  check: () => void;
}
