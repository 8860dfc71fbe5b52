import type { AppErrorDetails } from '../errors';

/** Maps an error of a run to one for a check, which has no batch size to reduce and no checkpoint to resume from. */
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
