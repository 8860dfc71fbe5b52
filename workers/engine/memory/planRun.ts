import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { usesHalf, type Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { maxBatchShape } from './batchShape';
import { chooseWay } from './chooseWay';
import { proposal } from './proposal';
import type { StageShape } from './stageShape';
import type { EvaluationShape } from './evaluationMemory';
import { encodingTokens } from './encodingMemory';
import type { ParameterCount } from './parameterCount';
import type {
  MemoryAlternative,
  MemoryReport,
  MemoryProposal,
  BatchSettings,
  WayChoice,
} from '../../../src/domain/memory/report';
import { snapshotBytes } from './stepMemory';
import type { MemoryLimits } from './memoryLimits';

type Batches = readonly (readonly number[])[];

export interface RunPlanRequest {
  config: EncoderConfig;
  parameters: ParameterCount;
  limits: MemoryLimits;
  maxTokens: number;
  /** The texts of each stage's rows. */
  tokens: readonly Record<'anchors' | 'positives', Pick<TokenSet, 'offsets'>>[];
  /** Batches of each stage. */
  batches: readonly Batches[];
  evaluation: EvaluationShape;
  /** Precision of each stage; full precision if absent. */
  precisions?: readonly Precision[];
  /** Whether the device supports half precision. */
  offersHalf?: boolean;
  /**
   * Returns the stage's batches at another batch size, or null if the experiment lists its batches or has too few
   * pairs.
   */
  atBatchSize: (stage: number, batchSize: number) => Batches | null;
}

type PlannedStage = { stage: number; shape: StageShape; choice: WayChoice };

/**
 * Chooses a step strategy for each stage, and computes what the most demanding stage would need with other settings.
 */
export function planRun(
  request: RunPlanRequest,
): Omit<MemoryReport, 'steps' | 'leftOut' | 'backend' | 'defaultBudgetBytes' | 'canRaise'> {
  const { batches, maxTokens, limits, config, parameters, evaluation, precisions = [] } = request;
  const stages = batches.flatMap((stageBatches, stage): PlannedStage[] => {
    const shape = stageShape(request, stage, stageBatches, maxTokens);
    return shape ? [{ stage, shape, choice: chooseWay(config, parameters, shape, limits, precisions[stage]) }] : [];
  });
  const [mostDemanding] = [...stages].sort((a, b) => demand(b) - demand(a));
  if (!mostDemanding || stages.length < batches.length)
    throw new AppError({ kind: 'experiment-invalid', path: 'stages', found: own('no-steps') });
  const { stage, shape } = mostDemanding;
  const snapshot = snapshotBytes(parameters);
  const hasRoom = (choice: WayChoice): boolean => choice.fits && choice.need.total + snapshot <= limits.budgetBytes;
  const held = stages.every((planned) => hasRoom(planned.choice)) ? snapshot : 0;
  const choice = withSnapshot(mostDemanding.choice, held);
  const at = alternatives(request, stage);
  const current = { batchSize: shape.pairs, maxTokens };
  const { budgetBytes } = limits;
  return {
    budgetBytes,
    shape: { pairs: shape.pairs, candidates: shape.candidates, tokens: shape.tokens, longest: shape.longest },
    choice,
    run: {
      budgetBytes,
      ways: stages.map((planned) => planned.choice.way),
      encodingTokens: encodingTokens(
        config,
        parameters,
        evaluation,
        { ...limits, budgetBytes: budgetBytes - held },
        precisions.some(usesHalf) ? 'mixed' : 'full',
      ),
      ...(held > 0 ? { snapshotBytes: held } : {}),
    },
    alternatives: nearby(current).flatMap((settings): MemoryAlternative[] => {
      const found = at(settings);
      return found ? [{ ...settings, choice: withSnapshot(found, hasRoom(found) ? snapshot : 0) }] : [];
    }),
    proposal: choice.fits
      ? {}
      : { ...proposal(current, (settings) => at(settings)?.fits ?? false), ...mixedProposal(request, mostDemanding) },
  };
}

/** Adds the memory of the snapshot that is written as a checkpoint while training continues. */
function withSnapshot(choice: WayChoice, snapshot: number): WayChoice {
  return { ...choice, need: { ...choice.need, snapshot, total: choice.need.total + snapshot } };
}

function stageShape(
  { tokens, evaluation }: RunPlanRequest,
  stage: number,
  batches: Batches,
  maxTokens: number,
): StageShape | null {
  const ofStage = tokens[stage];
  const shape = ofStage ? maxBatchShape(batches, ofStage, maxTokens) : null;
  return shape && { ...shape, evaluation: { ...evaluation, longest: Math.min(maxTokens, evaluation.longest) } };
}

/** Proposes mixed precision for a full-precision stage if the device supports it and the stage would then fit. */
function mixedProposal(
  { config, parameters, limits, precisions, offersHalf = false }: RunPlanRequest,
  { stage, shape }: PlannedStage,
): MemoryProposal {
  if (!offersHalf || usesHalf(precisions?.[stage])) return {};
  return chooseWay(config, parameters, shape, limits, 'mixed').fits ? { mixedStage: stage } : {};
}

/**
 * Returns a stage's memory demand as a sort key. Stages that do not fit rank above those that fit; within each group,
 * more tokens per batch rank higher.
 */
function demand({ shape, choice }: PlannedStage): number {
  return (choice.fits ? 0 : 2 ** 50) + shape.tokens;
}

/**
 * Returns a function that chooses a strategy for other settings of a stage. Plans the batches of each size only once.
 */
function alternatives(request: RunPlanRequest, stage: number): (settings: BatchSettings) => WayChoice | null {
  const known = new Map<number, Batches | null>();
  const given = request.batches[stage] ?? [];
  known.set(
    given.reduce((most, batch) => Math.max(most, batch.length), -Infinity),
    given,
  );
  return ({ batchSize, maxTokens }) => {
    const found = known.get(batchSize);
    const batches = found === undefined ? request.atBatchSize(stage, batchSize) : found;
    known.set(batchSize, batches);
    const shape = batches && stageShape(request, stage, batches, maxTokens);
    return shape && chooseWay(request.config, request.parameters, shape, request.limits, request.precisions?.[stage]);
  };
}

/** Returns settings for a short table: batches from half to four times the size, and shorter token limits. */
function nearby({ batchSize, maxTokens }: BatchSettings): BatchSettings[] {
  const sizes = [0.5, 1, 2, 4].map((factor) => Math.round(batchSize * factor)).filter((size) => size >= 2);
  const lengths = [1, 0.5, 0.25].map((factor) => Math.round(maxTokens * factor)).filter((length) => length >= 16);
  return lengths.flatMap((length) => sizes.map((size) => ({ batchSize: size, maxTokens: length })));
}
