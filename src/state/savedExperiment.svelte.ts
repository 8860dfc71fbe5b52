import { canonicalJson } from '../domain/canonicalJson';
import { withLowestVersion, type Experiment } from '../domain/experiment';
import type { NegativeDecision } from '../domain/negatives/judgedPairs';
import type { LabelDecision } from '../domain/evaluate/labelDecisions';
import type { ReviewDecision } from '../domain/evaluate/review';
import type { Sweep } from '../domain/sweep/sweep';
import type { StoredExperiment } from '../storage/schema';
import { app } from './app.svelte';
import { gateway } from './gateway';

/** Not measured: long enough to save a number once although it is typed digit by digit, too short to notice. */
const saveDelayMs = 300;
/** Not measured: more than anyone undoes. Versions share their unchanged parts, so they take little memory. */
const undoLimit = 100;
/** Each message on this channel is the id of an experiment that was saved. */
const channelName = 'recallsmith-experiments';

/** An experiment in storage. Its changes are saved soon and can be undone, and it follows changes by other tabs. */
export abstract class SavedExperiment {
  stored = $state.raw<StoredExperiment | null>(null);
  #past = $state.raw<StoredExperiment[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dirty = false;
  /** The `updatedAt` of the version that this page last read from storage or wrote to it. */
  #savedAt = 0;
  #saving: Promise<boolean> = Promise.resolve(true);
  #channel: BroadcastChannel | null = null;
  /** This page's version, which was not saved because another tab had changed the experiment in the meantime. */
  overtaken = $state.raw<StoredExperiment | null>(null);
  #onHide = () => void this.flush();

  constructor(readonly experimentId: string) {}

  readonly experiment = $derived<Experiment | null>(this.stored?.experiment ?? null);
  readonly canUndo = $derived(this.#past.length > 0);

  /** Reads the data and model of `stored` again, because another version may refer to different ones. */
  protected abstract reloadReferences(): Promise<void>;

  /** Shows the version that was read from storage. */
  protected show(stored: StoredExperiment | null): void {
    if (canonicalJson(stored?.experiment ?? null) !== canonicalJson(this.experiment)) this.#past = [];
    this.stored = stored;
    this.#savedAt = stored?.updatedAt ?? 0;
  }

  /** Follows changes that other tabs save, and saves when the page is hidden, until `close`. */
  protected followOtherTabs(): void {
    this.#channel ??= this.#listen();
    addEventListener('pagehide', this.#onHide);
  }

  async close(): Promise<void> {
    removeEventListener('pagehide', this.#onHide);
    await this.flush();
    this.#channel?.close();
    this.#channel = null;
  }

  #listen(): BroadcastChannel {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === this.experimentId) void app.attempt(() => this.#readAgain());
    };
    return channel;
  }

  /**
   * Loads another tab's version. Does nothing if this page has unsaved changes, because `flush` deals with the
   * conflict.
   */
  async #readAgain(): Promise<void> {
    const stored = await gateway.getExperiment(this.experimentId);
    if (!stored || this.#dirty || stored.updatedAt === this.#savedAt) return;
    await this.#takeOver(stored);
  }

  /** Shows a stored version. Undo brings back the version shown before. */
  async #takeOver(stored: StoredExperiment): Promise<void> {
    this.#remember();
    this.stored = stored;
    this.#savedAt = stored.updatedAt;
    await this.reloadReferences();
  }

  /** Applies `edit`, keeps the previous version for undo, and saves soon. */
  change(edit: (experiment: Experiment) => Experiment): void {
    const { stored } = this;
    if (!stored) return;
    const experiment = withLowestVersion(edit(stored.experiment));
    if (canonicalJson(experiment) === canonicalJson(stored.experiment)) return;
    this.#replace({ ...stored, experiment, updatedAt: Date.now() });
  }

  /** Appends a decision about a negative to the log, applies it to the settings, and saves at once. */
  decide(decision: NegativeDecision, apply: (experiment: Experiment) => Experiment): Promise<boolean> {
    const { stored } = this;
    if (!stored) return Promise.resolve(false);
    const negativeDecisions = [...(stored.negativeDecisions ?? []), decision];
    const experiment = withLowestVersion(apply(stored.experiment));
    this.#replace({ ...stored, experiment, negativeDecisions, updatedAt: Date.now() });
    return this.flush();
  }

  /** Appends a mark of a passage to the log and saves at once. It changes neither dev nor test. */
  mark(decision: ReviewDecision): Promise<boolean> {
    const { stored } = this;
    if (!stored) return Promise.resolve(false);
    const reviewDecisions = [...(stored.reviewDecisions ?? []), decision];
    return this.#append({ ...stored, reviewDecisions, updatedAt: Date.now() });
  }

  /** Appends a decision about a right passage to the log and saves at once. It changes neither data nor results. */
  decideLabel(decision: Omit<LabelDecision, 'number'>): Promise<boolean> {
    const { stored } = this;
    if (!stored) return Promise.resolve(false);
    const { labelDecisions = [] } = stored;
    const number = (labelDecisions.at(-1)?.number ?? 0) + 1;
    return this.#append({
      ...stored,
      labelDecisions: [...labelDecisions, { number, ...decision }],
      updatedAt: Date.now(),
    });
  }

  /** Chooses the scored pairs that models are compared on, and saves at once. No run depends on them. */
  compareOnPairs(comparedPairs: string): Promise<boolean> {
    const { stored } = this;
    return stored ? this.#append({ ...stored, comparedPairs, updatedAt: Date.now() }) : Promise.resolve(false);
  }

  /** Appends a sweep and saves at once. Like `flush`, returns false if it was not saved. */
  addSweep(sweep: Sweep): Promise<boolean> {
    const { stored } = this;
    if (!stored) return Promise.resolve(false);
    return this.#append({ ...stored, sweeps: [...(stored.sweeps ?? []), sweep], updatedAt: Date.now() });
  }

  rename(name: string): void {
    if (this.stored && name.trim() !== '' && name !== this.stored.name)
      this.#replace({ ...this.stored, name, updatedAt: Date.now() });
  }

  #replace(next: StoredExperiment): void {
    this.#remember();
    this.stored = next;
    this.#saveSoon();
  }

  /** Saves a version with longer logs or other pairs at once. Undo skips it, because undo keeps them. */
  #append(next: StoredExperiment): Promise<boolean> {
    this.stored = next;
    this.#dirty = true;
    return this.flush();
  }

  #remember(): void {
    if (this.stored) this.#past = [...this.#past.slice(-undoLimit + 1), this.stored];
  }

  /** Saves this page's version over the other tab's version. */
  keepMine(): void {
    if (this.overtaken) this.#replace({ ...this.overtaken, updatedAt: Date.now() });
    this.overtaken = null;
    void app.attempt(() => this.reloadReferences());
  }

  undo(): void {
    const before = this.#past[this.#past.length - 1];
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    // The logs of decisions and the sweeps only grow, so undo keeps them and reverts only what a decision changed.
    const { negativeDecisions, reviewDecisions, labelDecisions, sweeps, comparedPairs } = this.stored ?? {};
    this.stored = {
      ...before,
      ...(negativeDecisions ? { negativeDecisions } : {}),
      ...(reviewDecisions ? { reviewDecisions } : {}),
      ...(labelDecisions ? { labelDecisions } : {}),
      ...(sweeps ? { sweeps } : {}),
      ...(comparedPairs === undefined ? {} : { comparedPairs }),
    };
    this.#saveSoon();
    void app.attempt(() => this.reloadReferences());
  }

  /** Forgets a deleted experiment, including changes that are not saved yet. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#dirty = false;
    this.stored = null;
  }

  #saveSoon(): void {
    this.#dirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), saveDelayMs);
  }

  /**
   * Saves pending changes and waits for any save in progress, because the workers read the settings from storage. Call
   * it before a run starts and when the page is hidden or closed. Returns false if the changes were not saved, because
   * another tab has changed the experiment or because storage failed.
   */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    // One save at a time: the next one must know what this one has stored.
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<boolean> {
    const { stored } = this;
    if (!this.#dirty || !stored) return true;
    this.#dirty = false;
    const other = await app.attempt(() => gateway.replaceExperiment(stored, this.#savedAt));
    if (other === undefined) return false;
    if (other === null) {
      this.#savedAt = stored.updatedAt;
      this.#channel?.postMessage(this.experimentId);
      return true;
    }
    this.overtaken = this.stored;
    this.#dirty = false;
    clearTimeout(this.#timer);
    await app.attempt(() => this.#takeOver(other));
    return false;
  }
}
