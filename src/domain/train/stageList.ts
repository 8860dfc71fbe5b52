import type { Stage } from './stageSchema';

/** Maximum number of stages in an experiment. */
export const maxStages = 16;

/** Returns the stages with a copy of stage `index` after it. */
export function duplicated(stages: readonly Stage[], index: number): Stage[] {
  return stages.flatMap((stage, i) => (i === index ? [stage, { ...stage }] : [stage]));
}

/** Returns the stages without stage `index`. If only one stage is left, keeps it. */
export function without(stages: readonly Stage[], index: number): Stage[] {
  return stages.length > 1 ? stages.filter((_, i) => i !== index) : [...stages];
}

/** Returns the stages with stage `index` one place earlier (−1) or later (1), if there is such a place. */
export function moved(stages: readonly Stage[], index: number, by: -1 | 1): Stage[] {
  const result = [...stages];
  const [stage, other] = [stages[index], stages[index + by]];
  if (!stage || !other) return result;
  result[index] = other;
  result[index + by] = stage;
  return result;
}
