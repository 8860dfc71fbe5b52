import type { InfoNceSettings } from '../../../src/domain/train/lossSchema';

export type InfoNceOptions = Omit<InfoNceSettings, 'kind' | 'matryoshka' | 'falseNegatives'> & {
  falseNegatives?: Pick<NonNullable<InfoNceSettings['falseNegatives']>, 'byScore'> | undefined;
};

/** The options as numbers for the kernels. */
export interface LossParams {
  pairs: number;
  temperature: number;
  /** Bit per term: 1 query to passages, 2 query to queries, 4 passage to queries, 8 passage to passages. */
  terms: number;
  /** 1 for one softmax over all terms, 0 for one per direction. */
  joint: number;
  /** Words of `leftOut` per anchor; 0 if nothing is left out. */
  words: number;
  /** Explicit negatives per anchor. */
  perAnchor: number;
  /**
   * Candidates to contrast with: 0 all, 1 the own positive and all explicit negatives, 2 only the anchor's own texts.
   */
  contrast: number;
  /** Bit per kind of negative whose scores are raised: 1 other anchors' candidates, 2 own explicit negatives. */
  hardened: number;
  /** Factor ατ by which a hardened score is raised: s/τ + α·s = (1 + ατ)·s/τ. */
  hardness: number;
  /** 0 for no threshold, 1 for an absolute margin, 2 for a relative one. */
  scoreMask: number;
  margin: number;
}

export const termBits = { queryToPassages: 1, queries: 2, passageToQueries: 4, passages: 8 } as const;
const contrasts = { batch: 0, explicit: 1, own: 2 } as const;
const hardenedKinds = { inBatch: 1, explicit: 2, all: 3 } as const;

/**
 * Returns the kernels' params. Throws RangeError if the options need each anchor's explicit negatives but the
 * candidates are not the same number per anchor.
 */
export function lossParamsOf(options: InfoNceOptions, pairs: number, candidates: number, words: number): LossParams {
  const { temperature, directions, sameSide, hardness, falseNegatives, contrast = 'batch' } = options;
  const byOwner = contrast === 'own' || hardness !== undefined || sameSide === 'passages' || sameSide === 'both';
  if (byOwner && candidates % pairs !== 0)
    throw new RangeError(`${candidates} candidates are not the same number for each of ${pairs} anchors`);
  const { byScore } = falseNegatives ?? {};
  return {
    pairs,
    temperature,
    terms:
      termBits.queryToPassages |
      (sameSide === 'queries' || sameSide === 'both' ? termBits.queries : 0) |
      (directions === 'both' ? termBits.passageToQueries : 0) |
      (sameSide === 'passages' || sameSide === 'both' ? termBits.passages : 0),
    joint: options.softmax === 'joint' || sameSide ? 1 : 0,
    words,
    perAnchor: Math.floor(candidates / pairs) - 1,
    contrast: contrasts[contrast],
    hardened: hardness ? hardenedKinds[hardness.mode] : 0,
    hardness: hardness ? hardness.strength * temperature : 0,
    scoreMask: byScore ? (byScore.kind === 'relative' ? 2 : 1) : 0,
    margin: byScore?.margin ?? 0,
  };
}
