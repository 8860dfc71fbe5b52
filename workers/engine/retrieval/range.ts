/** Returns `count` consecutive integers from `first` on. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
