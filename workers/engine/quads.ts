/** Kernels take rows and numbers by fours. */

/** The largest multiple of four that is no more. */
export function quadsIn(length: number): number {
  return 4 * Math.floor(length / 4);
}

/** The smallest multiple of four that is no less. */
export function quadsFor(length: number): number {
  return 4 * Math.ceil(length / 4);
}
