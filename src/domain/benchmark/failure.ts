import type { AppErrorDetails } from '../errors';

/**
 * Turns a run's error into a benchmark's. The sentences for a run suggest a smaller batch or mention a checkpoint, and
 * a benchmark has neither.
 */
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
