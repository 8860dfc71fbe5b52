import { AppError } from '../domain/errors';
import { bestBlend } from '../domain/evaluate/blend';
import type { BlendJob } from '../domain/evaluate/blendFile';
import type { RunRecord } from '../domain/run';
import { prefixOf } from '../domain/train/prefix';
import { gateway } from '../state/gateway';
import type { ImportedInputs } from './importInputs';
import { throttled, type EventSender } from './prepare';

/**
 * Throws before the run if the file asks for impossible blends: `blend-has-prefix` if a stage trains rows that the base
 * model lacks, `nothing-to-evaluate` if there are no dev questions.
 */
export async function refuseBlend({ experiment, blend }: Pick<ImportedInputs, 'experiment' | 'blend'>): Promise<void> {
  if (!blend) return;
  const prefix = prefixOf(experiment.stages);
  if (prefix) throw new AppError({ kind: 'blend-has-prefix', stage: prefix.stage });
  const { dev } = await (await gateway.data()).countSplit(experiment, () => undefined);
  if (dev === 0) throw new AppError({ kind: 'nothing-to-evaluate', part: 'dev' });
}

/**
 * Evaluates the file's blends on dev, and the one to export on test. Returns the ratio to export (1 without `export`)
 * and the part of metrics.json about blends.
 */
export async function blendRun(
  { runId, experiment }: RunRecord,
  job: BlendJob,
  sender: EventSender,
): Promise<{ ratio: number; report: object }> {
  const gpu = await gateway.gpu();
  const progress = throttled((done, of) => sender.send('progress', { what: 'blend', done, of }));
  const { primary } = experiment.evaluation;
  const stated = typeof job.export === 'number' ? [...job.ratios, job.export] : job.ratios;
  await gpu.evaluateBlends(runId, { ratios: stated, part: 'dev' }, progress);
  const wanted = new Set([0, ...stated, 1]);
  const points = (await gateway.listBlends(runId, 'dev')).filter(({ ratio }) => wanted.has(ratio));
  const best = bestBlend(points, primary)?.ratio ?? 1;
  const ratio = job.export === 'bestDev' ? best : (job.export ?? 1);
  if (job.export !== undefined) await gpu.evaluateBlends(runId, { ratios: [ratio], part: 'test' }, progress);
  const onTest = await gateway.listBlends(runId, 'test');
  const report = {
    metric: primary,
    ratios: points,
    best,
    exported: ratio,
    test: onTest.find((point) => point.ratio === ratio)?.metrics ?? null,
    testEvaluations: onTest.length,
  };
  return { ratio, report };
}
