/** Kernels process rows and numbers in groups of four; these functions round to such groups. */

/** Rounds down to a multiple of four. */
export function quadsIn(length: number): number {
  return 4 * Math.floor(length / 4);
}

/** Rounds up to a multiple of four. */
export function quadsFor(length: number): number {
  return 4 * Math.ceil(length / 4);
}

/** Rounds up to a multiple of four, and to at least four. */
export function upToQuad(length: number): number {
  return Math.max(4, quadsFor(length));
}
