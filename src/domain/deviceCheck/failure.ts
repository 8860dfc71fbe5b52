import type { AppErrorDetails } from '../errors';

/** Turns a run's error into a device check's, which has no batch size to reduce and no checkpoint to resume from. */
export function checkFailure(details: AppErrorDetails): AppErrorDetails {
  switch (details.kind) {
    case 'gpu-out-of-memory':
      return { kind: 'check-stopped', cause: 'memory' };
    case 'gpu-device-lost':
      return { kind: 'check-stopped', cause: 'device', reason: details.reason };
    case 'worker-crashed':
      return { kind: 'check-stopped', cause: 'worker', reason: details.reason };
    default:
      return details;
  }
}
