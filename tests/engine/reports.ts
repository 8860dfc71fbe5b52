import type { DeviceReports } from '../../workers/engine/gpu/deviceReports';

/** Returns reports that make the next readback throw the first error of the device. */
export function strictReports(): DeviceReports {
  let failure: Error | undefined;
  return {
    report: ({ message }) => void (failure ??= new Error(message)),
    check: () => {
      if (failure) throw failure;
    },
  };
}

/** Returns reports that collect every error of the device in `errors`. Readbacks never throw. */
export function collectingReports(device: GPUDevice, errors: string[]): DeviceReports {
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  return { report: ({ message }) => void errors.push(message), check: () => undefined };
}
