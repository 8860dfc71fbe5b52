import type { Stage } from '../experiment';

/** To the nearest integer, halves to the even one, as Python's round does: the reference implementations count warm-up steps so. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Steps over which the learning rate rises; 0 only where no warm-up is wanted at all. */
export function warmupSteps(steps: number, warmup: number): number {
  return warmup > 0 ? Math.max(1, roundHalfEven(warmup * steps)) : 0;
}

/**
 * Learning rate of a step (counted from 0) of `steps`: it rises linearly to `peak`, reached in the last warm-up step, then
 * falls linearly or by half a cosine (Loshchilov & Hutter 2017, eq. 5, without restarts), or stays.
 */
export function learningRateAt(step: number, steps: number, schedule: Stage['schedule'], peak: number): number {
  const warm = warmupSteps(steps, schedule.warmup);
  if (step < warm) return peak * ((step + 1) / warm);
  const rest = Math.max(1, steps - warm);
  switch (schedule.kind) {
    case 'linear':
      return peak * ((steps - step) / rest);
    case 'cosine':
      return peak * 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / rest));
    case 'constant':
      return peak;
    default:
      return schedule.kind satisfies never;
  }
}
