import { defaultExperiment, type Experiment } from '../domain/experiment';
import type { Evaluation, RunRecord } from '../domain/run';
import type { StoredExperiment } from '../storage/schema';
import { gateway } from './gateway';

export type { StoredExperiment };

/** The data of one card. `before` and `after` are the test evaluations of the newest finished run. */
export interface ExperimentCard {
  stored: StoredExperiment;
  latest: RunRecord | null;
  before: Evaluation | null;
  after: Evaluation | null;
  rows: { passages: number; pairs: number; questions: number };
}

async function cardOf(stored: StoredExperiment): Promise<ExperimentCard> {
  const runs = await gateway.listRuns(stored.experimentId);
  const done = runs.find((run) => run.status === 'done');
  const rows = { passages: 0, pairs: 0, questions: 0 };
  for (const entry of stored.experiment.data) {
    const count = (await gateway.getDataset(entry.contentSha256))?.rows ?? 0;
    if (entry.role === 'knowledgeBase') rows.passages += count;
    if (entry.role === 'pairs') rows.pairs += count;
    if (entry.role === 'questions') rows.questions += count;
  }
  return {
    stored,
    latest: runs[0] ?? null,
    before: done ? ((await gateway.getEvaluation(done.runId, 'test', 'before')) ?? null) : null,
    after: done ? ((await gateway.getEvaluation(done.runId, 'test', 'after')) ?? null) : null,
    rows,
  };
}

/** All experiments in this browser, newest first. Deleting removes stored records only after the time for undo. */
class ExperimentsState {
  cards = $state.raw<ExperimentCard[]>([]);
  loaded = $state(false);
  #hidden = new Map<string, ReturnType<typeof setTimeout>>();

  async load(): Promise<void> {
    const all = await gateway.listExperiments();
    const shown = all.filter((stored) => !this.#hidden.has(stored.experimentId));
    const cards = await Promise.all(shown.map(cardOf));
    this.cards = cards.sort((a, b) => b.stored.updatedAt - a.stored.updatedAt);
    this.loaded = true;
  }

  async create(name: string, experiment: Experiment = defaultExperiment()): Promise<string> {
    return this.#put(name, experiment, {});
  }

  /** Saves a shared experiment, with a copy of what its link states. */
  async createLinked(name: string, linked: Experiment): Promise<string> {
    return this.#put(name, linked, { linked });
  }

  async #put(name: string, experiment: Experiment, more: Pick<StoredExperiment, 'linked'>): Promise<string> {
    const now = Date.now();
    const experimentId = crypto.randomUUID();
    const stored = { experimentId, name, experiment, ...more, createdAt: now, updatedAt: now, demo: false };
    await gateway.putExperiment(stored);
    return experimentId;
  }

  /** Removes the card at once, and the stored records after `delayMs` unless `restore` is called first. */
  remove(experimentId: string, delayMs: number, failed: (thrown: unknown) => void): void {
    const timer = setTimeout(() => {
      this.#hidden.delete(experimentId);
      gateway.deleteExperiment(experimentId).catch(failed);
    }, delayMs);
    this.#hidden.set(experimentId, timer);
    this.cards = this.cards.filter((card) => card.stored.experimentId !== experimentId);
  }

  async restore(experimentId: string): Promise<void> {
    clearTimeout(this.#hidden.get(experimentId));
    this.#hidden.delete(experimentId);
    await this.load();
  }
}

export const experiments = new ExperimentsState();
