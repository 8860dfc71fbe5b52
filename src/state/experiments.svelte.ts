import { questionChanges, verdictOf, type Verdict } from '../domain/evaluate/comparison';
import { AppError } from '../domain/errors';
import { defaultExperiment, type Experiment } from '../domain/experiment';
import type { RunRecord } from '../domain/run';
import type { Evaluation } from '../domain/evaluate/evaluation';
import type { StoredExperiment } from '../storage/schema';
import { cutAt } from '../domain/wellFormed';
import { gateway } from './gateway';
import { jobs } from './jobs.svelte';
import { flushExperiment, forgetExperiment } from './openExperiments.svelte';
import { Newest } from './newest';

export type { StoredExperiment };

/** Length of the part of a name that its copies keep. Leaves room in the name field (120 characters) for “(copy 2)”. */
const nameLimit = 100;

/**
 * Test results of the newest finished run. `won` and `lost` count questions whose first result became right or wrong.
 */
interface ExperimentResult {
  /** The settings of the run; the experiment's own may have changed since. */
  experiment: Experiment;
  before: Evaluation;
  after: Evaluation;
  won: number;
  lost: number;
  p: number;
  verdict: Verdict;
}

/** The data of one card on the home screen. */
export interface ExperimentCard {
  stored: StoredExperiment;
  modelName: string | null;
  latest: RunRecord | null;
  result: ExperimentResult | null;
  rows: { passages: number; pairs: number; questions: number };
}

async function resultOf({ runId, experiment }: RunRecord): Promise<ExperimentResult | null> {
  const before = await gateway.getEvaluation(runId, 'test', 'before');
  const after = await gateway.getEvaluation(runId, 'test', 'after');
  if (!before || !after) return null;
  const changes = questionChanges(before.results, after.results, 1);
  const [won, lost] = [changes.won.length, changes.lost.length];
  return { experiment, before, after, won, lost, ...verdictOf(won, lost) };
}

async function cardOf(stored: StoredExperiment): Promise<ExperimentCard> {
  const runs = (await gateway.listRuns(stored.experimentId)).filter((run) => run.trial !== true);
  const done = runs.find((run) => run.status === 'done');
  const rows = { passages: 0, pairs: 0, questions: 0 };
  for (const entry of stored.experiment.data) {
    const count = (await gateway.getDataset(entry.contentSha256))?.rows ?? 0;
    if (entry.role === 'knowledgeBase') rows.passages += count;
    if (entry.role === 'pairs') rows.pairs += count;
    if (entry.role === 'questions') rows.questions += count;
  }
  const { model } = stored.experiment;
  return {
    stored,
    modelName: model ? ((await gateway.getModel(model.contentSha256))?.name ?? null) : null,
    latest: runs[0] ?? null,
    result: done ? await resultOf(done) : null,
    rows,
  };
}

/** All experiments in this browser except the deleted ones, newest first. */
class ExperimentsState {
  cards = $state.raw<ExperimentCard[]>([]);
  loaded = $state(false);
  readonly #newest = new Newest();

  async load(): Promise<void> {
    await this.#newest.ask(
      async () => Promise.all((await gateway.listExperiments()).map(cardOf)),
      (cards) => {
        this.cards = cards.sort((a, b) => b.stored.updatedAt - a.stored.updatedAt);
        this.loaded = true;
      },
    );
    // A deleted, restored or opened experiment may contain the newest paused run.
    await jobs.showPaused();
  }

  async create(name: string, experiment: Experiment = defaultExperiment()): Promise<string> {
    return this.#put(name, experiment, {});
  }

  /** Saves a shared experiment, and the settings of its link, to compare with later. */
  async createLinked(name: string, linked: Experiment): Promise<string> {
    return this.#put(name, linked, { linked });
  }

  /**
   * Stores a copy of an experiment's settings under a name that no other experiment has; `nameOf` returns the name of
   * the nth copy. The copy starts without runs. Returns its id and name.
   */
  async duplicate(
    experimentId: string,
    nameOf: (name: string, n: number) => string,
  ): Promise<{ experimentId: string; name: string }> {
    await flushExperiment(experimentId);
    const stored = await gateway.getExperiment(experimentId);
    if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
    const taken = new Set((await gateway.listExperiments()).map(({ name }) => name));
    const base = cutAt(stored.name, nameLimit);
    let n = 1;
    while (taken.has(nameOf(base, n))) n += 1;
    const name = nameOf(base, n);
    const { linked, negativeDecisions, reviewDecisions, labelDecisions, comparedPairs } = stored;
    const more = {
      ...(linked ? { linked } : {}),
      ...(negativeDecisions ? { negativeDecisions } : {}),
      ...(reviewDecisions ? { reviewDecisions } : {}),
      ...(labelDecisions ? { labelDecisions } : {}),
      ...(comparedPairs === undefined ? {} : { comparedPairs }),
    };
    const copy = await this.#put(name, stored.experiment, more);
    await this.load();
    return { experimentId: copy, name };
  }

  async #put(
    name: string,
    experiment: Experiment,
    more: Pick<
      StoredExperiment,
      'linked' | 'negativeDecisions' | 'reviewDecisions' | 'labelDecisions' | 'comparedPairs'
    >,
  ): Promise<string> {
    const now = Date.now();
    const experimentId = crypto.randomUUID();
    const stored = { experimentId, name, experiment, ...more, createdAt: now, updatedAt: now, demo: false };
    await gateway.putExperiment(stored);
    return experimentId;
  }

  /**
   * Deletes an experiment. None of its runs may be active. `restore` undoes this until the space is needed for
   * something else.
   */
  async remove(experimentId: string): Promise<void> {
    forgetExperiment(experimentId);
    await gateway.deleteExperiment(experimentId);
    await this.load();
  }

  async restore(experimentId: string): Promise<void> {
    await gateway.restoreExperiment(experimentId);
    await this.load();
  }
}

export const experiments = new ExperimentsState();
