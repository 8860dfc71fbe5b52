import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { usesHalf, type Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { maxBatchShape, type NegativeTexts } from './batchShape';
import { chooseStepStrategy } from './chooseStepStrategy';
import { proposal } from './proposal';
import type { StageShape } from './stageShape';
import type { EvaluationShape } from './evaluationMemory';
import { guideTokens, type GuideShape } from './guideMemory';
import { encodingTokens } from './encodingMemory';
import { encodingRowBytes } from './rowBytes';
import { withAdapters, type AdapterMemory, type ParameterCount } from './parameterCount';
import type { MemoryProposal } from '../../../src/domain/memory/proposal';
import type {
  BatchShape,
  MemoryAlternative,
  MemoryReport,
  BatchSettings,
  StepStrategyChoice,
} from '../../../src/domain/memory/report';
import { snapshotBytes, stepMemoryNeed } from './stepMemory';
import type { MemoryLimits } from './memoryLimits';

type Batches = readonly (readonly number[])[];

export interface RunPlanRequest {
  config: EncoderConfig;
  parameters: ParameterCount;
  /** Number of floats in a stage's gradients, and in each of its moments, by stage; `parameters.trained` if absent. */
  trained?: readonly number[];
  /** Whether each stage keeps an average of what it trains; none does if absent. */
  averaged?: readonly boolean[];
  /** The adapters of each stage that trains with LoRA. */
  adapters?: readonly (AdapterMemory | undefined)[];
  /** Value that `parameters.trained` would have if a stage trained only biases. */
  trainedBiases?: number;
  /** The adapters of a stage that trained with the usual settings of LoRA. */
  usualAdapters?: AdapterMemory | undefined;
  limits: MemoryLimits;
  maxTokens: number;
  /** The texts of each stage's rows. */
  tokens: readonly Record<'anchors' | 'positives', Pick<TokenSet, 'offsets'>>[];
  /** Batches of each stage. */
  batches: readonly Batches[];
  /** Explicit negatives of each stage; none if absent. */
  negatives?: readonly (NegativeTexts | null)[];
  evaluation: EvaluationShape;
  /** The guide of each stage; none if absent. */
  guides?: readonly (GuideShape | undefined)[];
  /** Loss of each stage; if absent, one that needs only scores and statistics. */
  losses?: readonly BatchShape['loss'][];
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

type PlannedStage = { stage: number; shape: StageShape; choice: StepStrategyChoice };

/**
 * Chooses a step strategy for each stage, and computes what the most demanding stage would need with other settings.
 */
export function planRun(
  request: RunPlanRequest,
): Omit<MemoryReport, 'steps' | 'leftOut' | 'negatives' | 'backend' | 'defaultBudgetBytes' | 'canRaise'> {
  const { batches, maxTokens, limits, config, evaluation, precisions = [] } = request;
  const parameters = mostParameters(request);
  const stages = batches.flatMap((stageBatches, stage): PlannedStage[] => {
    const shape = stageShape(request, stage, stageBatches, maxTokens);
    const ofStage = stageParameters(request, stage);
    return shape
      ? [{ stage, shape, choice: chooseStepStrategy(config, ofStage, shape, limits, precisions[stage]) }]
      : [];
  });
  const [mostDemanding] = [...stages].sort((a, b) => demand(request, b) - demand(request, a));
  if (!mostDemanding || stages.length < batches.length)
    throw new AppError({ kind: 'experiment-invalid', path: 'stages', found: own('no-steps') });
  const { stage, shape } = mostDemanding;
  const snapshot = snapshotBytes(parameters);
  const hasRoom = (choice: StepStrategyChoice): boolean =>
    choice.fits && choice.need.total + snapshot <= limits.budgetBytes;
  const held = stages.every((planned) => hasRoom(planned.choice)) ? snapshot : 0;
  const choice = withSnapshot(mostDemanding.choice, held);
  const at = alternatives(request, stage);
  const othersFit = fitWith(
    request,
    stages.filter((planned) => planned !== mostDemanding),
  );
  const current = { batchSize: shape.pairs, maxTokens };
  const { budgetBytes } = limits;
  const guides = (request.guides ?? []).flatMap((guide) => guide ?? []);
  return {
    budgetBytes,
    shape: { pairs: shape.pairs, candidates: shape.candidates, tokens: shape.tokens, longest: shape.longest },
    choice,
    run: {
      budgetBytes,
      ways: stages.map((planned) => planned.choice.stepStrategy),
      encodingTokens: encodingTokens(
        config,
        parameters,
        evaluation,
        { ...limits, budgetBytes: budgetBytes - held },
        precisions.some(usesHalf) ? 'mixed' : 'full',
      ),
      ...(guides.length > 0 ? { guideTokens: guideTokens(guides, limits) } : {}),
      ...(held > 0 ? { snapshotBytes: held } : {}),
    },
    alternatives: nearby(current).flatMap((settings): MemoryAlternative[] => {
      const found = at(settings);
      return found ? [{ ...settings, choice: withSnapshot(found, hasRoom(found) ? snapshot : 0) }] : [];
    }),
    proposal: choice.fits
      ? {}
      : {
          ...proposal(current, (settings) => (at(settings)?.fits ?? false) && othersFit(settings)),
          ...mixedProposal(request, stages, mostDemanding),
          ...strategyProposal(request, stages),
        },
  };
}

/** Adds the memory of the snapshot that is written as a checkpoint while training continues. */
function withSnapshot(choice: StepStrategyChoice, snapshot: number): StepStrategyChoice {
  return { ...choice, need: { ...choice.need, snapshot, total: choice.need.total + snapshot } };
}

function stageShape(
  { tokens, evaluation, guides, losses, negatives }: RunPlanRequest,
  stage: number,
  batches: Batches,
  maxTokens: number,
): StageShape | null {
  const ofStage = tokens[stage];
  const shape = ofStage && maxBatchShape(batches, ofStage, maxTokens, negatives?.[stage]);
  if (!shape) return null;
  const longest = Math.min(maxTokens, evaluation.longest);
  return { ...shape, loss: losses?.[stage], evaluation: { ...evaluation, longest }, guide: guides?.[stage] };
}

/**
 * Proposes mixed precision for the most demanding stage, if it has full precision, the device supports mixed precision,
 * the stage would then fit, and all others fit already.
 */
function mixedProposal(
  request: RunPlanRequest,
  stages: readonly PlannedStage[],
  { stage, shape }: PlannedStage,
): MemoryProposal {
  const { config, limits, precisions, offersHalf = false } = request;
  const parameters = stageParameters(request, stage);
  // Adapters are trained in full precision only.
  if (!offersHalf || usesHalf(precisions?.[stage]) || parameters.adapters) return {};
  if (stages.some((other) => other.stage !== stage && !other.choice.fits)) return {};
  return chooseStepStrategy(config, parameters, shape, limits, 'mixed').fits ? { mixedStage: stage } : {};
}

/** Proposes to train only biases, or only adapters, if all stages would then fit. */
function strategyProposal(request: RunPlanRequest, stages: readonly PlannedStage[]): MemoryProposal {
  const { config, limits, precisions = [], parameters, trainedBiases, usualAdapters, averaged } = request;
  const needOf = (counts: ParameterCount): number | null => {
    const choices = stages.map(({ stage, shape }) => {
      const ofStage = { ...counts, averaged: averaged?.[stage] };
      // Adapters are trained in full precision only.
      const precision = counts.adapters ? 'full' : precisions[stage];
      return chooseStepStrategy(config, ofStage, shape, limits, precision);
    });
    return choices.every(({ fits }) => fits) ? choices.reduce((most, { need }) => Math.max(most, need.total), 0) : null;
  };
  const bitFit = trainedBiases === undefined ? null : needOf({ ...parameters, trained: trainedBiases });
  const lora = usualAdapters ? needOf(withAdapters(parameters, usualAdapters)) : null;
  return { ...(bitFit === null ? {} : { bitFit }), ...(lora === null ? {} : { lora }) };
}

function stageParameters(request: RunPlanRequest, stage: number): ParameterCount {
  const { parameters, trained, averaged, adapters } = request;
  const count = { ...parameters, trained: trained?.[stage] ?? parameters.trained, averaged: averaged?.[stage] };
  return withAdapters(count, adapters?.[stage]);
}

/** Returns the largest counts of any stage, and the adapters that need the most memory when texts are encoded. */
function mostParameters(request: RunPlanRequest): ParameterCount {
  const counts = request.batches.map((_, stage) => stageParameters(request, stage));
  const most = (of: 'all' | 'trained'): number => counts.reduce((highest, count) => Math.max(highest, count[of]), 0);
  const rowBytes = ({ adapters }: ParameterCount): number => encodingRowBytes(request.config, adapters);
  const [widest] = [...counts].sort((a, b) => rowBytes(b) - rowBytes(a));
  const averaged = counts.some((count) => count.averaged);
  return { all: most('all'), trained: most('trained'), averaged, adapters: widest?.adapters };
}

/**
 * Returns a stage's memory demand as a sort key. Stages that do not fit rank above those that fit; within each group,
 * those that would need more with the plain step strategy rank higher.
 */
function demand(request: RunPlanRequest, { stage, shape, choice }: PlannedStage): number {
  const { config, precisions } = request;
  const stepStrategy = { kind: 'plain', tokensPerPass: shape.tokens } as const;
  const need = stepMemoryNeed(config, stageParameters(request, stage), shape, stepStrategy, precisions?.[stage]);
  return (choice.fits ? 0 : 2 ** 60) + need.total;
}

/**
 * Returns a function that chooses a strategy for other settings of a stage. Plans the batches of each size only once.
 */
function alternatives(request: RunPlanRequest, stage: number): (settings: BatchSettings) => StepStrategyChoice | null {
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
    const parameters = stageParameters(request, stage);
    return shape && chooseStepStrategy(request.config, parameters, shape, request.limits, request.precisions?.[stage]);
  };
}

/**
 * Returns a function that tells whether stages fit with other settings. A lower batch size changes only the stages with
 * larger batches, and none whose batches the experiment lists.
 */
function fitWith(request: RunPlanRequest, stages: readonly PlannedStage[]): (settings: BatchSettings) => boolean {
  const planned = stages.map(({ stage, shape }) => ({ at: alternatives(request, stage), pairs: shape.pairs }));
  return ({ batchSize, maxTokens }) =>
    planned.every(({ at, pairs }) => {
      const limited = at({ batchSize: Math.min(pairs, batchSize), maxTokens });
      return (limited ?? at({ batchSize: pairs, maxTokens }))?.fits ?? false;
    });
}

/** Returns settings for a short table: batches from half to four times the size, and shorter token limits. */
function nearby({ batchSize, maxTokens }: BatchSettings): BatchSettings[] {
  const sizes = [0.5, 1, 2, 4].map((factor) => Math.round(batchSize * factor)).filter((size) => size >= 2);
  const lengths = [1, 0.5, 0.25].map((factor) => Math.round(maxTokens * factor)).filter((length) => length >= 16);
  return lengths.flatMap((length) => sizes.map((size) => ({ batchSize: size, maxTokens: length })));
}
