import { ExperimentState } from './experiment.svelte';
import { ImportsState } from './imports.svelte';
import { TokensState } from './tokens.svelte';

/** An experiment that this page has opened, with the work on its inputs, which continues behind other screens. */
export interface OpenExperiment {
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
 * Returns the state of an experiment; there is one per page, so a screen that is opened again shows the work under way,
 * and never saves over what that work has changed.
 */
export function openExperiment(experimentId: string): OpenExperiment {
  const known = opened.get(experimentId);
  if (known) return known;
  let created: OpenExperiment | undefined;
  // Without a root of its own, every $derived would belong to the first screen and stop updating with it.
  $effect.root(() => {
    created = create(experimentId);
  });
  const open = created ?? create(experimentId);
  opened.set(experimentId, open);
  return open;
}

/** Called when an experiment is deleted: work that is still under way must not save it again. */
export function forgetExperiment(experimentId: string): void {
  opened.get(experimentId)?.experiment.discard();
  opened.delete(experimentId);
}
