import { memoryRefusal } from '../../memory/refusal';
import type { Check, Finding } from './finding';

/** Finds a run that does not fit in memory, or whose steps have to encode the batch twice to fit. */
export const memoryFindings: Check = ({ model }, { memory, texts }): Finding[] => {
  if (!memory || !model) return [];
  const { choice } = memory;
  if (!choice.fits) {
    const { neededBytes, limitBytes } = memoryRefusal(memory);
    return [{ kind: 'memoryShort', severity: 'stops', facts: { neededBytes, limitBytes } }];
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
