import { dataOfStage, type Stage } from '../../experiment';
import type { MemoryReport } from '../../memory/report';
import type { ExperimentFacts, SplitFacts } from './facts';
import type { Check, Finding, FindingOf, Fix } from './finding';
import { recommendedSettings } from './recommended';
import { leavesOutKnown, perStage, usesInBatchNegatives } from './perStage';

/** Batch size from which no larger one is advised, if there are enough pairs. */
const enoughForAdvice = 32;
/** Below this batch size, a question meets a hard negative only by chance. */
const enoughForWarning = 8;
/**
 * Tolerated share of rows with a false negative: fewer change the gradients less than one row in a batch of 64 does.
 */
const tolerableDuplicates = 0.01;

type Seeded = Extract<Stage['batching'], { kind: 'seeded' }>;

/** Examines the batches of each stage that draws them at random from pairs. */
export const batchFindings: Check = (experiment, facts) =>
  perStage(experiment, (stage, index) => {
    const { batching } = stage;
    if (batching.kind !== 'seeded' || dataOfStage(stage) !== 'pairs') return [];
    const few = facts.split && fewDistinct(batching, facts.split);
    if (few) return [{ ...few, stage: index }];
    const found: (Finding | null)[] = [smallBatch(stage, batching, facts), duplicates(stage, batching, facts)];
    return found.flatMap((finding) => (finding ? [{ ...finding, stage: index }] : []));
  });

/** Finds a batch that is larger than the number of distinct passages or questions. */
function fewDistinct(
  { batchSize, avoidDuplicatePassages }: Seeded,
  { train, trainPassages, trainAnchors }: SplitFacts,
): FindingOf<'fewDistinct'> | null {
  const distinct = Math.min(trainPassages, trainAnchors);
  if (distinct >= batchSize || train === 0) return null;
  const of = trainPassages <= trainAnchors ? 'passages' : 'anchors';
  // Without the setting, every batch has a passage or a question twice; with it, no batch can be filled.
  const severity = avoidDuplicatePassages || train < batchSize ? 'stops' : 'warns';
  const { batchSize: usual } = recommendedSettings(0, train, 'full');
  const fix: Fix | null = distinct >= 2 ? { setting: 'batchSize', value: Math.min(distinct, usual) } : null;
  return { kind: 'fewDistinct', severity, facts: { batchSize, distinct, of }, ...(fix ? { fix } : {}) };
}

function smallBatch(stage: Stage, { batchSize }: Seeded, facts: ExperimentFacts): FindingOf<'smallBatch'> | null {
  const { split, memory } = facts;
  // Explicit negatives come on top of the batch's, so a smaller batch may be intended.
  if (!split || !usesInBatchNegatives(stage) || stage.negatives) return null;
  const { batchSize: usual } = recommendedSettings(0, split.train, 'full');
  const distinct = Math.min(split.trainPassages, split.trainAnchors);
  const enough = Math.min(enoughForAdvice, usual, distinct);
  if (batchSize >= enough) return null;
  const fix = largerBatch(batchSize, enough, Math.min(usual, distinct), memory);
  const severity = batchSize < enoughForWarning ? 'warns' : 'advises';
  return { kind: 'smallBatch', severity, facts: { batchSize, enough }, ...(fix ? { fix } : {}) };
}

/**
 * Returns a fix with the largest batch from `enough` to `most` that fits according to the memory plan. Without a plan
 * for this batch size, proposes `enough`; proposes nothing if the plan shows that `enough` does not fit.
 */
function largerBatch(batchSize: number, enough: number, most: number, memory: MemoryReport | null): Fix | null {
  if (memory?.shape.pairs !== batchSize) return { setting: 'batchSize', value: enough };
  const longest = memory.alternatives.reduce((high, one) => Math.max(high, one.maxTokens), 0);
  const planned = memory.alternatives.filter(
    (one) => one.maxTokens === longest && one.batchSize > batchSize && one.batchSize <= most,
  );
  const largest = planned
    .filter(({ choice }) => choice.fits)
    .reduce<(typeof planned)[number] | null>(
      (best, one) => (best && best.batchSize > one.batchSize ? best : one),
      null,
    );
  if (largest && largest.batchSize >= enough)
    return { setting: 'batchSize', value: largest.batchSize, bytes: largest.choice.need.total };
  const refused = memory.alternatives.some(
    (one) => one.maxTokens === longest && one.batchSize > batchSize && one.batchSize <= enough && !one.choice.fits,
  );
  return refused ? null : { setting: 'batchSize', value: enough };
}

/**
 * Finds batches in which a right answer counts as a negative, because another row of the batch has the same passage.
 * Of the N − 1 other rows, B − 1 are in the batch of a row, so it meets a row of the same passage with a probability of
 * at most (B − 1) / (N − 1) · the mean number of such rows.
 */
function duplicates(
  stage: Stage,
  { batchSize, avoidDuplicatePassages }: Seeded,
  { split, texts }: ExperimentFacts,
): FindingOf<'duplicatePositives'> | null {
  if (!split || !texts || split.train < 2 || avoidDuplicatePassages || !usesInBatchNegatives(stage)) return null;
  if (leavesOutKnown(stage)) return null;
  const others = (2 * texts.samePassage) / split.train;
  const share = Math.min(1, ((batchSize - 1) / (split.train - 1)) * others);
  if (share <= tolerableDuplicates) return null;
  const facts = { repeated: texts.repeated, share };
  return { kind: 'duplicatePositives', severity: 'warns', facts, fix: { setting: 'avoidDuplicates' } };
}
