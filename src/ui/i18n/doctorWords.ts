import type { FindingFacts, FindingKind, Fix } from '../../domain/train/doctor/finding';

/** For each kind of finding: one sentence that states it, and the reason why it matters. */
export type FindingWords = {
  [Kind in FindingKind]: {
    title: (facts: FindingFacts[Kind]) => string;
    why: (facts: FindingFacts[Kind]) => string;
  };
};

/** Label of the button that applies each kind of fix. */
export type FixWords = { [Setting in Fix['setting']]: (fix: Extract<Fix, { setting: Setting }>) => string };
