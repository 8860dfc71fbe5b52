/** GPU time of all dispatches of one kernel in a profiled step, with the bytes that they bind and their FLOPs. */
export interface KernelTime {
  name: string;
  count: number;
  ms: number;
  bytes: number;
  /** 0 for kernels whose FLOPs are not counted, because reading and writing takes longer than computing. */
  flops: number;
}

export interface KernelTimeRow extends KernelTime {
  /** Share of the GPU time of all kernels, 0 … 1. */
  share: number;
  /** Bound bytes per second: a lower bound of the memory's traffic, because a kernel may read a number repeatedly. */
  gigabytesPerSecond: number;
  teraflops: number;
}

/** Returns the milliseconds of all kernels together. */
export function kernelMs(kernels: readonly KernelTime[]): number {
  return kernels.reduce((sum, { ms }) => sum + ms, 0);
}

/** Returns the rows of the table by kernel, the most expensive kernel first. */
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
