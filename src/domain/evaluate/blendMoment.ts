/**
 * The `moment` of a blend's evaluation: its ratio between 0 and 1. A blend's weights are
 * (1 − ratio) · base + ratio · tuned, where tuned are the weights that the run keeps.
 */
export type BlendMoment = `blend ${number}`;
type Moment = 'before' | 'after' | BlendMoment;
/** The `moment` of an evaluation on a probe set, with the set's SHA-256, so that other sets don't replace it. */
export type ProbeMoment = `${Moment} on ${string}`;

/** Returns the moment under which a ratio's evaluation is stored. The run stores both ends itself. */
export function blendMoment(ratio: number): Moment {
  if (ratio === 0) return 'before';
  return ratio === 1 ? 'after' : `blend ${ratio}`;
}

/** Returns the moment under which a ratio's evaluation on a probe set is stored. */
export function probeMoment(ratio: number, probeSha256: string): ProbeMoment {
  return `${blendMoment(ratio)} on ${probeSha256}`;
}

/** Returns the probe set that a moment names; null if it names none. */
export function probeOfMoment(moment: string): string | null {
  return / on ([0-9a-f]{64})$/.exec(moment)?.[1] ?? null;
}

/**
 * Returns the ratio of a moment, or null if neither `blendMoment` nor `probeMoment` writes moments in this form.
 */
export function ratioOfMoment(moment: string): number | null {
  const probe = probeOfMoment(moment);
  const own = probe === null ? moment : moment.slice(0, -` on ${probe}`.length);
  if (own === 'before') return 0;
  if (own === 'after') return 1;
  const ratio = Number(/^blend (.+)$/.exec(own)?.[1]);
  return ratio > 0 && ratio < 1 && blendMoment(ratio) === own ? ratio : null;
}
