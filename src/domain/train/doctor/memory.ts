import type { MemoryProposal } from '../../memory/proposal';
import { memoryRefusal } from '../../memory/refusal';
import type { Check, Finding, Fix } from './finding';

/** A change that makes a run fit. `stage`: the stage that it changes, if not all. */
export interface MemoryFix {
  fix: Fix;
  stage?: number;
}

/**
 * Returns the changes that would each make a run fit, first those that probably cost least: half precision hardly
 * changes the result, a smaller batch costs negatives, cut texts lose meaning, and other strategies learn less.
 */
export function memoryFixes({ mixedStage, batchSize, maxTokens, lora, bitFit }: MemoryProposal): MemoryFix[] {
  const fixes: MemoryFix[] = [];
  if (mixedStage !== undefined) fixes.push({ stage: mixedStage, fix: { setting: 'precision', value: 'mixed' } });
  if (batchSize !== undefined) fixes.push({ fix: { setting: 'mostBatchSize', value: batchSize } });
  if (maxTokens !== undefined) fixes.push({ fix: { setting: 'maxTokens', value: maxTokens } });
  if (lora !== undefined) fixes.push({ fix: { setting: 'strategy', value: 'lora', bytes: lora } });
  if (bitFit !== undefined) fixes.push({ fix: { setting: 'strategy', value: 'bitFit', bytes: bitFit } });
  return fixes;
}

/** Finds a run that does not fit in memory, or whose steps have to encode the batch twice to fit. */
export const memoryFindings: Check = ({ model }, { memory, texts }): Finding[] => {
  if (!memory || !model) return [];
  const { choice } = memory;
  if (!choice.fits) {
    const { neededBytes, limitBytes } = memoryRefusal(memory);
    const [gentlest = {}] = memoryFixes(memory.proposal);
    return [{ kind: 'memoryShort', severity: 'stops', facts: { neededBytes, limitBytes }, ...gentlest }];
  }
  if (choice.stepStrategy.kind !== 'gradCache' || !texts) return [];
  const longest = Object.values(texts.lengths).reduce((most, { p99 }) => Math.max(most, p99), 0);
  // Proposes only a limit that cuts hardly any text. A smaller batch would cost negatives, and cut texts lose meaning.
  const shorter = memory.alternatives
    .filter(({ batchSize, maxTokens }) => batchSize === memory.shape.pairs && maxTokens < model.maxTokens)
    .filter(
      ({ maxTokens, choice: { fits, stepStrategy } }) =>
        maxTokens >= longest && fits && stepStrategy.kind !== 'gradCache',
    )
    .reduce((most, { maxTokens }) => Math.max(most, maxTokens), 0);
  if (shorter === 0) return [];
  return [
    {
      kind: 'chunkedSteps',
      severity: 'advises',
      facts: { neededBytes: choice.need.total, maxTokens: model.maxTokens, shorter },
      fix: { setting: 'maxTokens', value: shorter },
    },
  ];
};
