import type { Experiment } from '../domain/experiment';
import { entryOf, slotNames, type SlotName } from '../domain/import/slots';
import { experimentHash } from '../domain/experimentHash';
import { armNames } from '../domain/negatives/arms';
import type { ArmRuns } from '../domain/negatives/armRuns';
import type { ArmsComparison } from '../domain/negatives/compareArms';
import type { ArmsFacts, ReportedArm } from '../domain/report/armsFacts';
import type { SeveralRunsFacts, SweepFacts } from '../domain/report/sweepFacts';
import type { DeviceInfo } from '../domain/device';
import type { Sweep } from '../domain/sweep/sweep';
import { sweepTable } from '../domain/sweep/sweepTable';
import type { Finding } from '../domain/train/doctor/finding';
import { gateway } from './gateway';
import { findingsOf } from './runFacts';
import { readSweep } from './sweepQueue';

interface About {
  name: string;
  experiment: Experiment;
  device: DeviceInfo | null;
  /** Findings of the checks before the runs, if known. */
  findings?: readonly Finding[] | undefined;
}

async function common({ name, experiment, device, findings }: About): Promise<SeveralRunsFacts> {
  const model = (await gateway.getModel(experiment.model?.contentSha256 ?? ''))?.name ?? '';
  const split = await (await gateway.data()).countSplit(experiment, () => undefined);
  const rows: Partial<Record<SlotName, number>> = {};
  for (const slot of slotNames) {
    const dataset = await gateway.getDataset(entryOf(experiment, slot)?.contentSha256 ?? '');
    if (dataset) rows[slot] = dataset.rows;
  }
  return {
    ...{ name, createdAt: Date.now(), build: __BUILD__, metric: experiment.evaluation.primary, experiment },
    experimentHash: await experimentHash(experiment),
    training: { model, rows, pairs: split.train, device },
    questions: split.dev,
    findings: findings ?? (await findingsOf({ experiment }, split)),
  };
}

/** Returns the facts of a sweep's report, or null while no run has a score. */
export async function sweepFacts(
  { experimentId, name, sweep }: { experimentId: string; name: string; sweep: Sweep },
  findings?: readonly Finding[],
): Promise<SweepFacts | null> {
  const runs = await readSweep(experimentId, sweep);
  if (runs.every(({ score }) => score === null)) return null;
  const { axes, experiment } = sweep;
  const [points, scores] = [runs.map(({ point }) => point), runs.map(({ score }) => score)];
  const device = runs.find(({ run }) => run?.status === 'done')?.run?.device ?? null;
  return {
    kind: 'sweep',
    ...(await common({ name, experiment, device, findings })),
    axes,
    rows: sweepTable(axes, points, scores),
    runs: runs.map(({ point, run, before, score }) => ({
      ...{ values: point.values, status: run?.status ?? null, before, score },
      ...{ keptStep: run?.keptStep ?? null, steps: run ? (run.stoppedStep ?? run.steps) : null },
    })),
  };
}

/** Returns the facts of the report of the negatives experiment, or null while one of its runs is not done. */
export async function armsFacts(
  about: Pick<About, 'name' | 'experiment' | 'findings'>,
  runs: ArmRuns,
  comparison: ArmsComparison,
): Promise<ArmsFacts | null> {
  const arms: ReportedArm[] = [];
  for (const name of armNames) {
    const run = runs[name];
    const evaluation = run && (await gateway.getEvaluation(run.runId, 'dev', 'after'));
    if (!evaluation) return null;
    const { metrics, results } = evaluation;
    arms.push({ name, metrics, results, steps: run.keptStep ?? run.steps });
  }
  const questions = arms[0]?.results.map(({ questionId }) => questionId) ?? [];
  const { questions: texts } = await (await gateway.data()).devTexts(about.experiment, { questions, passages: [] });
  const facts = await common({ ...about, device: runs.inBatch?.device ?? null });
  return { kind: 'arms', ...facts, comparison, arms, texts };
}
