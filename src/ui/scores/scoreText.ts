/** Formats a score with three digits and a typographic minus: "0.620", "−0.050". */
export function scoreText(score: number): string {
  return score.toFixed(3).replace('-', '−');
}

/** Formats a threshold with all its digits: it was chosen as the shortest number that does. */
export function thresholdText(threshold: number): string {
  return String(threshold).replace('-', '−');
}
