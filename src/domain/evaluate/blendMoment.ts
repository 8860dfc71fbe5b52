/**
 * The `moment` of a blend's evaluation: its ratio between 0 and 1. A blend's weights are
 * (1 − ratio) · base + ratio · tuned, where tuned are the weights that the run keeps.
 */
export type BlendMoment = `blend ${number}`;

/** Returns the moment under which a ratio's evaluation is stored. The run stores both ends itself. */
export function blendMoment(ratio: number): 'before' | 'after' | BlendMoment {
  if (ratio === 0) return 'before';
  return ratio === 1 ? 'after' : `blend ${ratio}`;
}

/** Returns the ratio of a moment, or null if `blendMoment` would not write the moment in this form. */
export function ratioOfMoment(moment: string): number | null {
  if (moment === 'before') return 0;
  if (moment === 'after') return 1;
  const ratio = Number(/^blend (.+)$/.exec(moment)?.[1]);
  return ratio > 0 && ratio < 1 && blendMoment(ratio) === moment ? ratio : null;
}
