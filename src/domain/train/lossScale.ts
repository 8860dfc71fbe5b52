/**
 * Loss scale of mixed precision (Micikevicius et al., arXiv 1710.03740, section 3.2). It multiplies the gradient of the
 * loss, because small gradients would otherwise vanish in half precision. Stored in checkpoints, so that a resumed run
 * has the same bits.
 */
export interface LossScale {
  scale: number;
  /** Steps without an overflow since the scale last changed. */
  goodSteps: number;
  /** Steps of this stage that were skipped because gradients overflowed. */
  skipped: number;
}

/**
 * Steps without an overflow after which the scale doubles. torch.amp.GradScaler uses the same scheme and waits 2,000
 * steps by default, but a fine-tuning run rarely has that many.
 */
const growthSteps = 200;

export function firstLossScale(): LossScale {
  return { scale: 2 ** 16, goodSteps: 0, skipped: 0 };
}

/**
 * Returns the scale for the next step: halved after an overflow, doubled after enough steps without one. Returns null
 * if the scale would fall below 1, because then half precision is not the cause of the overflow.
 */
export function nextLossScale({ scale, goodSteps, skipped }: LossScale, overflowed: boolean): LossScale | null {
  if (overflowed) return scale < 2 ? null : { scale: scale / 2, goodSteps: 0, skipped: skipped + 1 };
  if (goodSteps + 1 < growthSteps) return { scale, goodSteps: goodSteps + 1, skipped };
  return { scale: scale * 2, goodSteps: 0, skipped };
}
