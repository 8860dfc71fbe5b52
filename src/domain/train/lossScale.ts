/**
 * The factor of the loss's gradient in mixed precision (Micikevicius et al., arXiv 1710.03740, section 3.2): gradients would be too small for half
 * precision without it. Part of a checkpoint, so that a run goes on with the same bits.
 */
export interface LossScale {
  scale: number;
  /** Steps since the scale changed. */
  goodSteps: number;
  /** Steps of the stage in which a gradient overflowed, so that they changed nothing. */
  skipped: number;
}

/** As torch.amp.GradScaler; it waits 2,000 steps before it doubles, but fine-tuning has hardly as many. */
const growthSteps = 200;

export function firstLossScale(): LossScale {
  return { scale: 2 ** 16, goodSteps: 0, skipped: 0 };
}

/**
 * The scale for the next step: half of it where gradients overflowed, twice after enough steps without. Null where it would fall below 1: then it is
 * not half precision that makes gradients overflow.
 */
export function nextLossScale({ scale, goodSteps, skipped }: LossScale, overflowed: boolean): LossScale | null {
  if (overflowed) return scale < 2 ? null : { scale: scale / 2, goodSteps: 0, skipped: skipped + 1 };
  if (goodSteps + 1 < growthSteps) return { scale, goodSteps: goodSteps + 1, skipped };
  return { scale: scale * 2, goodSteps: 0, skipped };
}
