import { ExperimentState } from './experiment.svelte';
import { inOwnRoot } from './inOwnRoot.svelte';
import { ImportsState } from './imports.svelte';
import { TokensState } from './tokens.svelte';

/** An experiment that this page has opened. Work on its inputs continues while other screens are shown. */
interface OpenExperiment {
  experiment: ExperimentState;
  imports: ImportsState;
  tokens: TokensState;
}

const opened = new Map<string, OpenExperiment>();

function create(experimentId: string): OpenExperiment {
  const experiment = new ExperimentState(experimentId);
  return { experiment, imports: new ImportsState(experiment), tokens: new TokensState() };
}

/**
 * Returns the state of an experiment. The page keeps one per experiment, so that a reopened screen shows work that is
 * still running and never overwrites its changes.
 */
export function openExperiment(experimentId: string): OpenExperiment {
  const known = opened.get(experimentId);
  if (known) return known;
  const open = inOwnRoot(() => create(experimentId));
  opened.set(experimentId, open);
  return open;
}

/** Saves the changes of an experiment that this page has not saved yet. */
export async function flushExperiment(experimentId: string): Promise<void> {
  await opened.get(experimentId)?.experiment.flush();
}

/** Call when an experiment is deleted: work that is still running must not save it again. */
export function forgetExperiment(experimentId: string): void {
  opened.get(experimentId)?.experiment.discard();
  opened.delete(experimentId);
}
