/** Callbacks for device errors. */
export interface DeviceReports {
  /** Records an error that the device reported. */
  report: (error: GPUError) => void;
  /** Throws the recorded error or device loss, if any. Called at every readback. */
  check: () => void;
}
