import type { Stage } from '../experiment';

/**
 * Rounds halves to even, as Python's `round` does, because the reference implementations count warm-up steps with it.
 */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Returns the number of warm-up steps: as stated or, for a share above 0, at least 1. */
function stepsOfWarmup(steps: number, { warmup, warmupSteps }: Stage['schedule']): number {
  if (warmupSteps !== undefined) return warmupSteps;
  return warmup > 0 ? Math.max(1, roundHalfEven(warmup * steps)) : 0;
}

/**
 * Returns the learning rate of a step, counted from 0. The rate rises linearly and reaches `peak` in the last warm-up
 * step. It then falls linearly, falls along half a cosine (Loshchilov & Hutter 2017, eq. 5, no restarts) or stays
 * constant.
 */
export function learningRateAt(step: number, steps: number, schedule: Stage['schedule'], peak: number): number {
  const warm = stepsOfWarmup(steps, schedule);
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
