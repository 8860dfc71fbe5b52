import type { LengthFacts, SplitFacts, TextFacts } from './facts';
import type { Check, Finding, FindingOf, TextSide } from './finding';

/** Shares of truncated texts. Chosen, not measured: 2% are outliers; with 10%, one answer in ten may be cut off. */
const truncatedShare = { advises: 0.02, warns: 0.1 };

/** Finds texts that are truncated at the length limit, if their share is considerable. */
export const truncationFindings: Check = ({ model: settings }, { model, texts }) => {
  if (!settings || !model || !texts) return [];
  const { lengths } = texts;
  const limits = { maxTokens: settings.maxTokens, limit: model.config.maxPositions };
  const found = [
    truncated('passages', [lengths.positives, lengths.knowledgeBase], limits),
    truncated('questions', questionLengths(lengths), limits),
  ];
  return found.flatMap((finding) => finding ?? []);
};

/** Returns the lengths of all texts encoded as questions. They include both sentences of scored pairs. */
function questionLengths({ anchors, devQuestions, testQuestions, sentences1, sentences2 }: TextFacts['lengths']) {
  return [anchors, devQuestions, testQuestions, sentences1, sentences2].flatMap((set) => set ?? []);
}

function truncated(
  side: TextSide,
  sets: readonly LengthFacts[],
  { maxTokens, limit }: { maxTokens: number; limit: number },
): FindingOf<'truncated'> | null {
  const texts = sets.reduce((sum, set) => sum + set.texts, 0);
  const count = sets.reduce((sum, set) => sum + set.truncated, 0);
  const share = count / Math.max(1, texts);
  if (share <= truncatedShare.advises) return null;
  return {
    kind: 'truncated',
    severity: share > truncatedShare.warns ? 'warns' : 'advises',
    facts: { side, truncated: count, texts, maxTokens, limit },
    // If the model already reads its maximum, only shorter texts would help, and no setting makes texts shorter.
    ...(maxTokens < limit ? { fix: { setting: 'maxTokens', value: limit } } : {}),
  };
}

/**
 * Finds rows that nearly repeat a test question, and pairs of a batch list that repeat questions of dev or test. Other
 * batches leave these out.
 */
export const leakFindings: Check = (_experiment, { split }) => (split ? [...listedLeaks(split), ...near(split)] : []);

function listedLeaks(split: SplitFacts): Finding[] {
  const pairs = split.listedBatches ? split.leaks.exact + split.leaks.normalised : 0;
  return pairs > 0 ? [{ kind: 'listedLeaks', severity: 'warns', facts: { pairs } }] : [];
}

function near({ nearDuplicates, scoredNearDuplicates, ...split }: SplitFacts): Finding[] {
  const pairs = nearDuplicates.removed ? 0 : nearDuplicates.count;
  const scored = scoredNearDuplicates.removed ? 0 : scoredNearDuplicates.count;
  if (pairs + scored === 0) return [];
  const removable = (split.listedBatches ? 0 : pairs) + scored;
  const fix = removable > 0 ? { fix: { setting: 'removeNearDuplicates' } as const } : {};
  return [{ kind: 'nearDuplicates', severity: 'warns', facts: { pairs, scored }, ...fix }];
}
