/** Returns the share of the work that is done, or null while the total is unknown. */
export function progressShare(progress: { done: number; of: number } | null): number | null {
  return progress && progress.of > 0 ? progress.done / progress.of : null;
}
