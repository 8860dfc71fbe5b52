import type { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { formatKernelPlan, parseKernelPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { latestCheckpoint } from '../../../src/storage/checkpoints';
import { updateRun } from '../../../src/storage/runs';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import { dropoutRates } from '../../engine/ops/dropout/dropoutRates';
import { encodingPlan } from '../../engine/model/encodingPlan';
import { browserVersion } from '../device/browserVersion';
import { kernelPlanOfRun } from '../device/kernelPlanOfRun';
import { matrixFragmentOfRun } from '../device/matrixFragmentOfRun';
import type { BetweenBatches } from '../evaluate/betweenBatches';
import type { RunSessionOnDevice, TuningState } from './runSession';
import { stageTokens } from './runTokens';

/**
 * If the device failed while kernels were measured, switches to the fixed rules permanently and returns true. The run
 * can then continue without measuring.
 */
export function giveUpTuning(tuning: TuningState, { details: { kind } }: AppError): boolean {
  const reason = kind === 'gpu-device-lost' ? 'device-lost' : 'measuring-failed';
  const failed = tuning.running && ['gpu-device-lost', 'gpu-out-of-memory', 'unexpected'].includes(kind);
  tuning.running = false;
  if (failed) tuning.rulesBecause = reason;
  return failed;
}

/** Estimates the number of tokens per training pass from the mean text lengths and the size of the first batch. */
function tokensAtATime(size: number, session: RunSessionOnDevice): number {
  const {
    experiment,
    tokens,
    negatives: [negatives],
  } = session;
  const { anchors, positives } = stageTokens({ experiment, tokens }, 0);
  const mean = ({ ids, offsets }: TokenSet): number => ids.length / Math.max(1, offsets.length - 1);
  const ofNegatives = negatives ? negatives.perAnchor * mean(negatives.tokens) : 0;
  return Math.ceil(size * (mean(anchors) + mean(positives) + ofNegatives));
}

function firstBatchSize({ stages }: Experiment, batches: readonly number[][][]): number {
  const index = batches.findIndex((steps) => steps.length > 0);
  const [stage, rows] = [stages[index], batches[index]?.[0]];
  const first = stage && rows ? batchesOfStep(rows, stage.batching)[0] : rows;
  return first?.length ?? 1;
}

/**
 * Sets and records the kernel plan that the device uses from now on. If the plan computes other bits than the run's
 * earlier plan, or the run has `moved` to another device, also records the step of the change, because no single device
 * can then reproduce the results bit by bit.
 */
export async function fixKernelPlan(
  session: RunSessionOnDevice,
  batches: number[][][],
  moved: boolean,
  between: BetweenBatches,
): Promise<void> {
  const { db, record, model, engine, device } = session;
  const gpu = webGpuOf(engine);
  const { ways = [], encodingTokens } = record.memory ?? {};
  const most =
    ways.length > 0 ? Math.max(...ways.map((stepStrategy) => stepStrategy.tokensPerPass ?? Infinity)) : Infinity;
  const counts = {
    training: Math.min(tokensAtATime(firstBatchSize(session.experiment, batches), session), most),
    encoding: encodingPlan(engine.traits, model.config, encodingTokens).tokensPerBatch,
  };
  const precisions = session.experiment.stages.map(({ precision = 'full' }) => precision);
  const { rulesBecause } = session.tuning;
  const dropout = session.experiment.stages.some((stage) => dropoutRates(stage.dropout, model.config));
  const size = { config: model.config, tokens: counts, precisions, dropout };
  const input = { db, gpu, device, browser: await browserVersion(), ...size, rulesBecause };
  const matrices = await matrixFragmentOfRun(gpu, precisions, record.kernelPlan);
  session.tuning.running = true;
  const { plan: measured, tuning } = await kernelPlanOfRun(input, record.kernelPlan, { between });
  session.tuning.running = false;
  if (tuning) session.log.append({ type: 'kernels', ...tuning });
  const { matrices: _, ...tilings } = measured;
  const plan: KernelPlan = matrices ? { ...tilings, matrices } : tilings;
  if (gpu) gpu.plan = plan;
  const kernelPlan = formatKernelPlan(plan);
  const begun = record.kernelPlan !== '';
  const deviceChanges = [...(record.deviceChanges ?? [])];
  if (begun && (moved || !computesSameBits(plan, record.kernelPlan))) {
    const { step = 0 } = (await latestCheckpoint(db, record.runId)) ?? {};
    await session.log.flushWith({ type: 'deviceChanged', step });
    deviceChanges.push(step);
  }
  // A single update, so that an interruption cannot record the new device without the change.
  await updateRun(db, record.runId, { device, kernelPlan, ...(deviceChanges.length > 0 ? { deviceChanges } : {}) });
}

/** Whether a plan computes the same bits as a recorded one. Tilings do not matter, because they never change a bit. */
function computesSameBits(plan: KernelPlan, recorded: string): boolean {
  const earlier = parseKernelPlan(recorded);
  return earlier !== null && formatKernelPlan({ ...earlier, matmul: {} }) === formatKernelPlan({ ...plan, matmul: {} });
}
