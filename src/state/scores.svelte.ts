import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { ThresholdRule } from '../domain/evaluate/threshold';
import type { QuestionPart } from '../domain/records';
import type { CompareProgress } from '../protocol/compareApi';
import type { ScoreView } from '../protocol/scoreView';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';

/** The scores of an experiment's base model and of one of its runs, and the threshold that a rule chooses. */
export class ScoresState {
  view = $state.raw<ScoreView | null>(null);
  rule = $state.raw<ThresholdRule>({ by: 'f1' });
  /** Why the scores can't be shown or computed. */
  error = $state.raw<AppErrorDetails | null>(null);
  /** Progress of the scores being computed; null while none are. */
  progress = $state.raw<CompareProgress | null>(null);
  running = $state<QuestionPart | null>(null);
  cancelling = $state(false);
  #runId: string | null = null;
  /** Error of computing scores of a run that was no longer on the screen when it ended. */
  #failed: { runId: string | null; error: AppErrorDetails } | null = null;
  readonly #newest = new Newest();

  constructor(readonly experimentId: string) {}

  /** Shows the scores of a run, or of the base model alone if it is null. */
  async show(runId: string | null): Promise<void> {
    if (runId !== this.#runId) this.view = null;
    this.#runId = runId;
    await this.#load();
    if (this.#runId !== runId || this.#failed?.runId !== runId) return;
    this.error = this.#failed.error;
    this.#failed = null;
  }

  async setRule(rule: ThresholdRule): Promise<void> {
    this.rule = rule;
    await this.#load();
  }

  async #load(): Promise<void> {
    const owner = { experimentId: this.experimentId, runId: this.#runId };
    try {
      await this.#newest.askAndWait(
        async () => (await gateway.data()).viewScores(owner, this.rule),
        (view) => Object.assign(this, { view, error: null }),
      );
    } catch (thrown) {
      this.view = null;
      this.error = toAppError(thrown).details;
    }
  }

  /** Computes the missing scores of the models on a part. */
  async compute(part: QuestionPart): Promise<void> {
    const { view, experimentId } = this;
    const runId = this.#runId;
    if (!view || this.running) return;
    const candidates = view.models.filter(({ parts }) => parts[part] === null).map(({ candidate }) => candidate);
    this.running = part;
    let failure: AppErrorDetails | null = null;
    try {
      await deviceJob.during('compare', async () =>
        (await gateway.gpu()).compareModels(
          { experimentId, part, candidates, ...(runId === null ? {} : { runId }) },
          app.devicePreference,
          (progress) => void (this.progress = progress),
          (_, error) => void (failure ??= error),
        ),
      );
      await this.#keepTestFigures(part, runId);
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') failure = details;
    }
    Object.assign(this, { running: null, cancelling: false, progress: null });
    await this.#load();
    if (failure && runId === this.#runId) this.error = failure;
    else if (failure) this.#failed = { runId, error: failure };
  }

  /** Adds the outcomes of a stored threshold on test, once the scores on test are known. */
  async #keepTestFigures(part: QuestionPart, runId: string | null): Promise<void> {
    if (part !== 'test' || runId === null) return;
    const owner = { experimentId: this.experimentId, runId };
    const data = await gateway.data();
    // By now, the screen may show another run.
    const { models } = await data.viewScores(owner, this.rule);
    const [newest] = models.flatMap(({ kept }) => kept ?? []).sort((a, b) => b.chosenAt - a.chosenAt);
    if (newest) await data.keepThresholds(owner, newest.rule);
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelComparison();
  }

  /** Stores the chosen thresholds with the run's evaluations. Returns how many were stored. */
  async keep(): Promise<number> {
    const owner = { experimentId: this.experimentId, runId: this.#runId };
    const kept = await (await gateway.data()).keepThresholds(owner, this.rule);
    await this.#load();
    return kept;
  }
}

const known = new Map<string, ScoresState>();

/** Returns the scores of an experiment. The page keeps one state per experiment, which a running job updates. */
export function scoresOf(experimentId: string): ScoresState {
  const state = known.get(experimentId) ?? new ScoresState(experimentId);
  known.set(experimentId, state);
  return state;
}
