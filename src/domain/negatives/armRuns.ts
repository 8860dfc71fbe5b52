import { canResume } from '../train/canResume';
import type { DevicePreference } from '../device';
import type { Evaluation } from '../evaluate/evaluation';
import type { Experiment, MetricName } from '../experiment';
import { experimentHash } from '../experimentHash';
import type { RunRecord } from '../run';
import { armNames, type ArmName } from './arms';
import { compareArms, type ArmsComparison } from './compareArms';

export type ArmRuns = Record<ArmName, RunRecord | null>;

/**
 * Returns the newest run of each arm with these settings on this device, among an experiment's runs. A run that was
 * cancelled or can't resume does not count. The negatives experiment stores nothing else, so it continues with the
 * first arm that is not done.
 */
export async function findArmRuns(
  runs: readonly RunRecord[],
  arms: Record<ArmName, Experiment>,
  device: DevicePreference,
): Promise<ArmRuns> {
  const found: ArmRuns = { inBatch: null, mined: null, filtered: null };
  const usable = runs
    .filter(
      ({ trial, sweepId, devicePreference }) => trial === true && sweepId === undefined && devicePreference === device,
    )
    .filter((run) => run.status !== 'cancelled' && (run.status !== 'failed' || canResume(run)))
    .sort((a, b) => b.createdAt - a.createdAt);
  for (const name of armNames) {
    const hash = await experimentHash(arms[name]);
    found[name] = usable.find(({ experimentHash: of }) => of === hash) ?? null;
  }
  return found;
}

/** The arms' dev evaluations with the weights of the last step; null for arms that are not done. */
export type ArmEvaluations = Record<ArmName, Evaluation | null>;

/** Compares the arms on dev by a metric. Returns null unless all of them are done. */
export function comparedArms({ inBatch, mined, filtered }: ArmEvaluations, metric: MetricName): ArmsComparison | null {
  if (!inBatch || !mined || !filtered) return null;
  return compareArms({ inBatch: inBatch.results, mined: mined.results, filtered: filtered.results }, metric);
}
