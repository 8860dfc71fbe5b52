import { usualDevTimeShare } from '../devPlan';
import type { Check } from './finding';

/** The share of the time that dev evaluations may take without advice. Chosen, not measured: twice the usual limit. */
const tolerated = 2 * usualDevTimeShare;

/** Finds dev evaluations during training that take much of its time, if a sample would at least halve them. */
export const devTimeFindings: Check = (_, { memory }) => {
  const { devPlan, limitedDevPlan } = memory ?? {};
  if (!devPlan || !limitedDevPlan || devPlan.share <= tolerated) return [];
  const { passages: sample } = limitedDevPlan;
  if (sample > devPlan.passages / 2) return [];
  const facts = { share: devPlan.share, passages: devPlan.passages, sample, limit: usualDevTimeShare };
  return [
    { kind: 'devTakesLong', severity: 'advises', facts, fix: { setting: 'devTimeShare', value: usualDevTimeShare } },
  ];
};
