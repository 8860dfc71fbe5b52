/** GPU time of all dispatches of one kernel in a profiled step, with the bytes they bind and their FLOPs. */
export interface KernelTime {
  name: string;
  count: number;
  ms: number;
  bytes: number;
  /** 0 for memory-bound kernels, whose FLOPs are not counted. */
  flops: number;
}

interface KernelTimeRow extends KernelTime {
  /** Share of the GPU time of all kernels, 0 … 1. */
  share: number;
  /** Bound bytes per second, a lower bound on memory traffic: a kernel may read the same number more than once. */
  gigabytesPerSecond: number;
  teraflops: number;
}

/** Returns the total milliseconds of all kernels. */
export function kernelMs(kernels: readonly KernelTime[]): number {
  return kernels.reduce((sum, { ms }) => sum + ms, 0);
}

/** Returns the rows of the kernel table, the most expensive kernel first. */
export function kernelTimeRows(kernels: readonly KernelTime[]): KernelTimeRow[] {
  const all = kernelMs(kernels);
  return kernels
    .toSorted((a, b) => b.ms - a.ms || (a.name < b.name ? -1 : 1))
    .map((kernel) => ({
      ...kernel,
      share: all > 0 ? kernel.ms / all : 0,
      gigabytesPerSecond: kernel.ms > 0 ? kernel.bytes / kernel.ms / 1e6 : 0,
      teraflops: kernel.ms > 0 ? kernel.flops / kernel.ms / 1e9 : 0,
    }));
}
