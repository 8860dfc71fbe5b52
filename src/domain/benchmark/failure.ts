import type { AppErrorDetails } from '../errors';

/**
 * Maps an error of a run to one for a benchmark. The sentences for a run advise a smaller batch or mention a
 * checkpoint, neither of which a benchmark has.
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
