import type { AppErrorDetails } from '../errors';

/** What went wrong while the device was measured. A benchmark has no batch to make smaller and no checkpoint: where a run would speak of them it does not. */
export function benchmarkFailure(details: AppErrorDetails): AppErrorDetails {
  switch (details.kind) {
    case 'gpu-out-of-memory':
      return { kind: 'benchmark-stopped', cause: 'memory' };
    case 'gpu-device-lost':
      return { kind: 'benchmark-stopped', cause: 'device', reason: details.reason };
    case 'worker-crashed':
      return { kind: 'benchmark-stopped', cause: 'worker', reason: details.reason };
    default:
      return details;
  }
}
