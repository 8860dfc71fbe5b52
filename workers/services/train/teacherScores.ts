import type { LossTargets } from '../../engine/losses/loss';

/**
 * Returns a teacher's scores of each anchor with its own candidates: the positive first, then its explicit negatives.
 * Adds in double precision and in a fixed order, so a resumed run has the same bits.
 */
export function teacherScoresOf({
  anchors,
  candidates,
}: NonNullable<LossTargets['guide']>): NonNullable<LossTargets['teacherScores']> {
  const [B, width] = anchors.shape;
  const columns = candidates.shape[0] / B;
  const values = new Float32Array(B * columns); // [B, C / B]
  for (let anchor = 0; anchor < B; anchor++)
    for (let column = 0; column < columns; column++) {
      const candidate = column === 0 ? anchor : B + anchor * (columns - 1) + column - 1;
      let cosine = 0;
      for (let i = 0; i < width; i++)
        cosine += (anchors.values[anchor * width + i] ?? NaN) * (candidates.values[candidate * width + i] ?? NaN);
      values[anchor * columns + column] = cosine;
    }
  return { values, shape: [B, columns] };
}
