import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import { comparedArms, findArmRuns, type ArmEvaluations, type ArmRuns } from '../domain/negatives/armRuns';
import { armNames, armsOf } from '../domain/negatives/arms';
import type { ArmsComparison } from '../domain/negatives/compareArms';
import { app } from './app.svelte';
import { readArmEvaluations } from './armEvaluations';
import { deviceJob } from './deviceJob.svelte';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';
import { jobs } from './jobs.svelte';

/** Runs and results of the arms of an experiment with its current settings. */
export interface ArmsFound {
  runs: ArmRuns;
  evaluations: ArmEvaluations;
  /** Null until all arms are done. */
  comparison: ArmsComparison | null;
}

/** Returns the runs of the experiment's arms and their comparison. Null while its inputs are missing. */
export async function armsFound({ experiment, datasets, runs, ready }: ExperimentState): Promise<ArmsFound | null> {
  if (!experiment || !ready) return null;
  const arms = armsOf(experiment, datasets.knowledgeBase?.rows ?? 0);
  const found = await findArmRuns(runs, arms, app.devicePreference);
  const evaluations = await readArmEvaluations(found);
  return { runs: found, evaluations, comparison: comparedArms(evaluations, experiment.evaluation.primary) };
}

/** The negatives experiment that this page is executing: the runs of the arms, one after another. */
class NegativesExperimentState {
  /** The experiment whose arms are being run; null if there is none. */
  experimentId = $state<string | null>(null);
  /** Progress of mining for the arms, in texts and questions; null while nothing is being mined. */
  mining = $state.raw<{ done: number; of: number } | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  #runId: string | null = null;
  #stopped = false;

  /** Runs the arms that are not done, and resumes one that was interrupted. Stops at the first that does not finish. */
  async start(state: ExperimentState): Promise<void> {
    if (this.experimentId !== null) return;
    this.experimentId = state.experimentId;
    this.error = null;
    this.#stopped = false;
    try {
      if (await state.flush()) await this.#runArms(state);
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
    } finally {
      this.experimentId = null;
    }
  }

  async cancel(): Promise<void> {
    this.#stopped = true;
    if (this.mining) await (await gateway.gpu()).cancelMining();
    if (this.#runId !== null) await jobs.cancel(this.#runId);
  }

  async #runArms(state: ExperimentState): Promise<void> {
    const { experiment, experimentId } = state;
    if (!experiment) return;
    const arms = armsOf(experiment, state.datasets.knowledgeBase?.rows ?? 0);
    await state.loadRuns();
    const found = await findArmRuns(state.runs, arms, app.devicePreference);
    const open = armNames.filter((name) => found[name]?.status !== 'done');
    await this.#mine(
      experimentId,
      open.filter((name) => name !== 'inBatch').map((name) => arms[name]),
    );
    for (const name of open) {
      if (this.#stopped) return;
      this.#runId = found[name]?.runId ?? (await jobs.createTrial(experimentId, arms[name]));
      const done = await jobs.runToEnd(this.#runId);
      this.#runId = null;
      if (!done) return;
    }
  }

  async #mine(experimentId: string, trials: readonly Experiment[]): Promise<void> {
    if (trials.length === 0) return;
    this.mining = { done: 0, of: 0 };
    const progress = (done: number, of: number): void => {
      if (this.mining) this.mining = { done, of };
    };
    try {
      await deviceJob.during('mine', async () =>
        (await gateway.gpu()).mineNegatives(experimentId, app.devicePreference, progress, trials),
      );
    } finally {
      this.mining = null;
    }
  }
}

export const negativesExperiment = new NegativesExperimentState();
