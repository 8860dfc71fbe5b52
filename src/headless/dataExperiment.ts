import { canonicalJson } from '../domain/canonicalJson';
import type { Experiment } from '../domain/experiment';
import { gateway } from '../state/gateway';

/**
 * Stores data as an experiment without training, or finds the experiment that an earlier command stored. Its results
 * are reused, so an interrupted evaluation continues with the next model.
 */
export async function dataExperimentId(name: string, experiment: Experiment): Promise<string> {
  const wanted = canonicalJson([name, experiment]);
  const earlier = (await gateway.listExperiments()).find((one) => canonicalJson([one.name, one.experiment]) === wanted);
  if (earlier) return earlier.experimentId;
  const [now, experimentId] = [Date.now(), crypto.randomUUID()];
  await gateway.putExperiment({ experimentId, name, experiment, createdAt: now, updatedAt: now, demo: false });
  return experimentId;
}
