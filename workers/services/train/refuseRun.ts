import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import type { EncoderConfig, StoredModel } from '../../../src/domain/model';
import { earlyStopRefusal } from '../../../src/domain/train/earlyStop';
import { lossRefusalOf, strategyRefusal, warmupRefusal } from '../../../src/domain/train/runRefusal';
import { memoryRefusal } from '../../../src/domain/memory/refusal';
import type { BatchPlan } from '../../../src/domain/train/planBatches';
import type { MemoryReport } from '../../../src/domain/memory/report';
import { refuseUnsuitedPrefix } from '../tokenize/prefixTokens';

/**
 * Throws `half-unavailable` or `matrices-unavailable` if a stage needs a precision that the device lacks. Falling back
 * to another one would run a different experiment under the same name, with different results.
 */
export function refuseMissingPrecision({ stages }: Experiment, device: { half: boolean; matrices: boolean }): void {
  const matrices = stages.findIndex(({ precision }) => precision === 'mixed-matrices');
  if (matrices >= 0 && !device.matrices) throw new AppError({ kind: 'matrices-unavailable', stage: matrices });
  const half = stages.findIndex(({ precision }) => precision === 'mixed');
  if (half >= 0 && !device.half) throw new AppError({ kind: 'half-unavailable', stage: half });
}

/** Throws if a stage's strategy does not suit the model or its tokenizer. */
export function refuseStrategy(experiment: Experiment, model: StoredModel): void {
  const refusal = strategyRefusal(experiment, model.tensors);
  if (refusal) throw new AppError(refusal);
  refuseUnsuitedPrefix(model, experiment.stages);
}

/** Throws `warmup-too-long` if the warm-up of a stage has more steps than its batches. */
export function refuseLongWarmup(experiment: Experiment, plans: readonly BatchPlan[]): void {
  const steps = plans.map(({ batches }) => batches.length);
  const refusal = warmupRefusal(experiment, steps);
  if (refusal) throw new AppError(refusal);
}

/** Throws if the data or the model does not suit the loss of a stage. */
export function refuseUnsuitedLoss(experiment: Experiment, { hiddenSize }: EncoderConfig): void {
  const refusal = lossRefusalOf(experiment, hiddenSize);
  if (refusal) throw new AppError(refusal);
}

/** Throws `early-stop-without-dev` if the run stops early by dev, but dev is not evaluated during training. */
export function refuseUnusedEarlyStop(experiment: Experiment, devQuestions: number): void {
  const refusal = earlyStopRefusal(experiment, devQuestions);
  if (refusal) throw new AppError(refusal);
}

/** Throws `memory-too-small`, with settings that would fit, if the run exceeds its budget. */
export function refuseTooLittleMemory(report: MemoryReport): void {
  if (!report.choice.fits) throw new AppError(memoryRefusal(report));
}
