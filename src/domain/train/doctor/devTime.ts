import { usualDevTimeShare } from '../devPlan';
import type { Check } from './finding';

/** The share of the time that dev evaluations may take without advice. Chosen, not measured: twice the usual limit. */
const tolerated = 2 * usualDevTimeShare;

/**
 * Finds dev evaluations that take much of the training time although a sample would at least halve it, and a limit that
 * can't be kept.
 */
export const devTimeFindings: Check = ({ evaluation }, { memory }) => {
  const { devPlan, limitedDevPlan } = memory ?? {};
  const { devTimeShare: set } = evaluation;
  if (devPlan && set !== undefined && devPlan.share > set) {
    const facts = { share: devPlan.share, limit: set, passages: devPlan.passages };
    return [{ kind: 'devAboveLimit', severity: 'advises', facts }];
  }
  if (!devPlan || !limitedDevPlan || devPlan.share <= tolerated) return [];
  const { passages: sample } = limitedDevPlan;
  if (sample > devPlan.passages / 2) return [];
  const facts = { share: devPlan.share, passages: devPlan.passages, sample, limit: usualDevTimeShare };
  return [
    { kind: 'devTakesLong', severity: 'advises', facts, fix: { setting: 'devTimeShare', value: usualDevTimeShare } },
  ];
};
