import { isEngineCandidate, type EngineCandidate } from '../domain/evaluate/candidate';
import type { FailedModel, SpeedPlan, SpeedResult } from '../domain/evaluate/speed';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import type { CandidateOption } from '../protocol/compareApi';
import type { SpeedProgress } from '../protocol/speedApi';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';

/** A model that can be measured. */
export interface MeasurableOption extends CandidateOption {
  candidate: EngineCandidate;
}

/** Models that are chosen at first: more take long on a slow device. */
const chosenFirst = 4;

/** The measurement of speed and size of an experiment's models. */
export class SpeedState {
  options = $state.raw<readonly MeasurableOption[]>([]);
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  plan = $state<SpeedPlan>('full');
  /** The newest measurement, also one of an earlier visit. */
  result = $state.raw<SpeedResult | null>(null);
  error = $state.raw<AppErrorDetails | null>(null);
  /** Set if every model failed, so that no result was stored. */
  failures = $state.raw<readonly FailedModel[]>([]);
  /** SHA-256 of the dev questions and the knowledge base; null until it is known, or if there are none. */
  dataSha256 = $state.raw<string | null>(null);
  progress = $state.raw<SpeedProgress | null>(null);
  running = $state(false);
  cancelling = $state(false);
  loaded = $state(false);

  constructor(readonly experimentId: string) {}

  optionOf(id: string): MeasurableOption | undefined {
    return this.options.find((option) => option.id === id);
  }

  /** Whether the measured questions or passages have changed since. */
  get isOnEarlierData(): boolean {
    const measured = this.result?.questions?.sha256;
    return measured !== undefined && this.dataSha256 !== null && measured !== this.dataSha256;
  }

  /** Call whenever the screen is opened: models and runs may have changed since the last time. */
  async load(): Promise<void> {
    const all = await (await gateway.data()).listCandidates(this.experimentId);
    this.options = all.flatMap((option): MeasurableOption[] => {
      const { candidate } = option;
      return isEngineCandidate(candidate) ? [{ ...option, candidate }] : [];
    });
    if (!this.loaded) this.chosen = new Set(this.#firstChoice());
    if (!this.running) this.result = await gateway.getSpeed(this.experimentId);
    this.loaded = true;
    if (this.result?.questions) this.dataSha256 = await this.#currentSha256();
  }

  async #currentSha256(): Promise<string | null> {
    try {
      return await (await gateway.data()).comparedSha256(this.experimentId, 'dev');
    } catch (thrown) {
      const { kind } = toAppError(thrown).details;
      if (kind !== 'nothing-to-evaluate' && kind !== 'data-missing') throw thrown;
      return null;
    }
  }

  /** Chooses the experiment's base model and the kept weights of its newest runs, then other models. */
  #firstChoice(): string[] {
    const rank = ({ ownBase, candidate, run }: MeasurableOption): number =>
      ownBase ? 0 : candidate.kind === 'run' && candidate.weights === 'kept' && run?.experiment === null ? 1 : 2;
    const newest = (option: MeasurableOption): number => option.run?.createdAt ?? 0;
    const sorted = this.options.toSorted((a, b) => rank(a) - rank(b) || newest(b) - newest(a));
    return sorted.slice(0, chosenFirst).map(({ id }) => id);
  }

  choose(id: string, isChosen: boolean): void {
    const next = new Set(this.chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    this.chosen = next;
  }

  /** Measures the chosen models in the order in which they are listed. */
  async start(): Promise<void> {
    const candidates = this.options.filter(({ id }) => this.chosen.has(id)).map(({ candidate }) => candidate);
    if (this.running || candidates.length === 0) return;
    Object.assign(this, { running: true, error: null, failures: [] });
    const request = { experimentId: this.experimentId, candidates, plan: this.plan };
    try {
      const result = await deviceJob.during('speed', async () =>
        (await gateway.gpu()).measureSpeed(
          request,
          app.devicePreference,
          (progress) => void (this.progress = progress),
        ),
      );
      if (result.models.length === 0) this.failures = result.failures;
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') this.error = details;
    }
    Object.assign(this, { running: false, cancelling: false, progress: null });
    // What was measured before a cancel or a failure is stored too.
    await app.attempt(() => this.load());
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelSpeed();
  }
}

const known = new Map<string, SpeedState>();

/** Returns the state of an experiment's measurement. There is one per page, which a running job updates. */
export function speedOf(experimentId: string): SpeedState {
  const state = known.get(experimentId) ?? new SpeedState(experimentId);
  known.set(experimentId, state);
  return state;
}
