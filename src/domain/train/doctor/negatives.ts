import { defaultRelativeMargin, hasMargin } from '../negativesSchema';
import type { Check } from './finding';
import { perStage } from './perStage';

/**
 * Share of negatives above the positive that is worth a warning. Chosen, not measured: in a batch of 64 questions with
 * two negatives each, about one is then wrong.
 */
const manyAbove = 0.01;

/**
 * Finds mined negatives that the mining model scores above the positive: they may be right answers. Their scores are
 * known once they are mined, when the batches are planned.
 */
export const negativesFindings: Check = (experiment, { memory }) =>
  perStage(experiment, ({ negatives }, stage) => {
    const facts = memory?.negatives?.[stage]?.scored;
    if (negatives?.from !== 'mined' || !facts || facts.above === 0) return [];
    const severity = facts.above > manyAbove * facts.of ? 'warns' : 'advises';
    // With a margin, only passages that were drawn at random can score higher, and those are not counted.
    const fix = hasMargin(negatives)
      ? {}
      : { fix: { setting: 'negativesMargin', value: defaultRelativeMargin } as const };
    return [{ kind: 'negativesAbove', severity, stage, facts, ...fix }];
  });
