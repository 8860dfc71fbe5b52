import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { TextFacts } from '../domain/train/doctor/facts';
import { examine } from '../domain/train/doctor/examine';
import { usualSettings, type UsualSettings } from '../domain/train/doctor/usualSettings';
import type { Finding } from '../domain/train/doctor/finding';
import type { ExperimentState } from './experiment.svelte';
import { gateway } from './gateway';
import type { MemoryState } from './memory.svelte';
import { Newest } from './newest';

/** Checks the experiment on the screen before a run. The data worker reads the texts; the rest is arithmetic. */
export class DoctorState {
  #texts = $state.raw<{ key: string; facts: TextFacts } | null>(null);
  /** Why the texts could not be read. */
  problem = $state.raw<AppErrorDetails | null>(null);
  #asked = '';
  readonly #newest = new Newest();

  /** Reads the experiment's texts, unless they were read with the same data and model settings. */
  async ask(state: ExperimentState): Promise<void> {
    const key = state.tokensKey;
    const { experiment } = state;
    if (!experiment || key === this.#asked) return;
    this.#asked = key;
    try {
      await this.#newest.ask(
        async () => (await gateway.data()).examineTexts(experiment, () => undefined),
        (facts) => {
          this.#texts = { key, facts };
          this.problem = null;
        },
      );
    } catch (thrown) {
      this.#asked = '';
      this.problem = toAppError(thrown).details;
    }
  }

  /** Whether the split and the texts are known; before that, findings that depend on them would be missing. */
  isComplete(state: ExperimentState): boolean {
    const { experiment } = state;
    return experiment !== null && state.split.countsOf(experiment) !== null && this.#textsOf(state) !== null;
  }

  #textsOf({ tokensKey }: ExperimentState): TextFacts | null {
    return this.#texts?.key === tokensKey ? this.#texts.facts : null;
  }

  /** Returns the findings on the experiment's current settings. Facts that are not known yet are left out. */
  findings(state: ExperimentState, memory: MemoryState): Finding[] {
    const { experiment, model } = state;
    if (!experiment) return [];
    return examine(experiment, {
      model: state.hasModel ? model : null,
      split: state.split.countsOf(experiment),
      texts: this.#textsOf(state),
      // A memory report on earlier settings would propose changes to settings that no longer exist.
      memory: state.leftOut === null ? null : memory.report,
    });
  }

  /** Returns the usual settings of a stage. Null until data and model are known. */
  usual(state: ExperimentState, stage: number): UsualSettings | null {
    const { experiment } = state;
    if (!experiment) return null;
    const model = state.hasModel ? state.model : null;
    return usualSettings(experiment, stage, { model, split: state.split.countsOf(experiment) });
  }
}
