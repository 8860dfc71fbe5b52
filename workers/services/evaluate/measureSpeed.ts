import { candidateId, type EngineCandidate } from '../../../src/domain/evaluate/candidate';
import {
  searchRounds,
  speedSteps,
  spreadOf,
  type MeasuredModel,
  type SpeedResult,
  type SpeedSteps,
} from '../../../src/domain/evaluate/speed';
import type { DevicePreference } from '../../../src/domain/device';
import { toAppError } from '../../../src/domain/errors';
import type { SpeedProgress, SpeedRequest } from '../../../src/protocol/speedApi';
import type { Database } from '../../../src/storage/database';
import { putSpeed } from '../../../src/storage/speeds';
import type { Engine } from '../../engine/engine';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { deviceLossBehind } from '../device/deviceRecovery';
import { onDevice } from '../device/onDevice';
import { deviceKey } from '../device/openDevice';
import type { RunControl } from '../train/runControl';
import { loadCandidate, openCandidate, type OpenCandidate } from './candidates';
import { candidateVectors, engineEncoder } from './candidateVectors';
import { comparedData, type ComparedData } from './comparedData';
import { EncodeRounds } from './encodeSpeed';
import type { EncoderForTexts } from './encodeTexts';
import { measureForms } from './formFigures';
import { modelSizes } from './modelSizes';
import { SearchTimer } from './searchSpeed';
import { SpeedClock } from './speedClock';

export interface SpeedDeps {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  build: string;
  browser: string;
  progress: (progress: SpeedProgress) => void;
  /** Replaces the steps of the plan, so that a test is short. */
  steps?: SpeedSteps;
}

/** Weights of all models together that stay on the device between rounds. Larger ones are loaded in every round. */
const residentBytes = 1_073_741_824;
/** Time planned for a search of a million vectors, and for the questions of one model. Only progress uses them. */
const millionMs = 2000;
const questionsMs = 4000;

/** A model that is measured, with its rounds by text length. */
interface Measuring {
  id: string;
  candidate: EngineCandidate;
  opened: OpenCandidate;
  rounds: EncodeRounds[];
  tooLong: number[];
}

/**
 * Measures the speed of models and of searches with their vectors, and what smaller vectors cost on the dev questions.
 * Models take turns in every round, so a device that gets slower slows all of them. Stores the result with the
 * experiment: first after the encoding, so that a later cancel keeps it.
 * @throws cancelled; gpu-device-lost; not-found if the experiment was deleted.
 */
export async function measureSpeed(request: SpeedRequest, deps: SpeedDeps): Promise<SpeedResult> {
  return onDevice(deps.device, deps.wasmBaseUrl, async (engine, device) => {
    const { build, browser } = deps;
    const about = { device, browser, build, createdAt: Date.now() };
    return new Measurement(request, deps, engine, about).run();
  });
}

class Measurement {
  readonly #steps: SpeedSteps;
  readonly #clock: SpeedClock;
  readonly #result: SpeedResult;
  #models: Measuring[] = [];
  readonly #resident = new Map<string, ParameterStore>();
  /** Whether the weights of all models fit on the device together. */
  #keeps = true;

  constructor(
    private readonly request: SpeedRequest,
    private readonly deps: SpeedDeps,
    private readonly engine: Engine,
    about: Pick<SpeedResult, 'device' | 'browser' | 'build' | 'createdAt'>,
  ) {
    this.#steps = deps.steps ?? speedSteps[request.plan];
    const { lengths, passages, rounds, roundMs } = this.#steps;
    const models = request.candidates.length;
    const encoding = models * lengths.length * (rounds + 2) * roundMs;
    const searching = passages.reduce((sum, count) => sum + this.#searchMs(count) * searchRounds(count, rounds), 0);
    this.#clock = new SpeedClock(encoding + searching + models * questionsMs, deps.control, deps.progress);
    const none = { models: [], searches: [], skipped: [], failures: [], questions: null, questionsError: null };
    this.#result = { ...about, ...none, incomplete: true };
  }

  async run(): Promise<SpeedResult> {
    try {
      await this.#open();
      await this.#encode();
    } finally {
      for (const parameters of this.#resident.values()) parameters.dispose();
      this.#resident.clear();
    }
    this.#result.models = this.#models.map(measuredModel);
    await this.#keep();
    await this.#search();
    await this.#answer();
    this.#result.incomplete = false;
    await this.#keep();
    return this.#result;
  }

  #keep(): Promise<void> {
    return putSpeed(this.deps.db, this.request.experimentId, this.#result);
  }

  #searchMs(passages: number): number {
    return 20 + (passages / 1_000_000) * millionMs;
  }

  async #open(): Promise<void> {
    const { lengths, roundMs } = this.#steps;
    for (const candidate of this.request.candidates) {
      const id = candidateId(candidate);
      await this.#orFail({ id, name: '' }, async () => {
        const opened = await openCandidate(this.deps.db, candidate);
        const fits = (tokens: number): boolean => tokens <= opened.model.config.maxPositions;
        const rounds = lengths.filter(fits).map((tokens) => new EncodeRounds(tokens, roundMs));
        const tooLong = lengths.filter((tokens) => !fits(tokens));
        this.#models.push({ id, candidate, opened, rounds, tooLong });
      });
    }
    const bytes = this.#models.reduce((sum, { opened }) => sum + 4 * opened.model.totalFloats, 0);
    this.#keeps = bytes <= residentBytes;
  }

  /** Runs a step of one model. If it fails for a reason of the model's own, the model is left out from then on. */
  async #orFail({ id, name }: { id: string; name: string }, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const error = (await deviceLossBehind(thrown)) ?? toAppError(thrown);
      const { kind } = error.details;
      if (kind === 'cancelled' || kind === 'gpu-device-lost') throw error;
      this.#models = this.#models.filter((model) => model.id !== id);
      this.#result.failures.push({ id, name, error: error.details });
    }
  }

  /** Encodes texts of all lengths with each model in turn, round by round. The first round is a warm-up. */
  async #encode(): Promise<void> {
    const { rounds, roundMs } = this.#steps;
    for (let round = -1; round < rounds; round++)
      for (const model of [...this.#models])
        await this.#orFail({ id: model.id, name: model.opened.model.name }, async () => {
          await this.#clock.during({ what: 'load', id: model.id, size: 0 });
          const parameters = await this.#weightsOf(model);
          const { config } = model.opened.model;
          const encoder = { parameters, config, pooling: model.opened.settings.pooling };
          await this.#encodeLengths(model, encoder, round);
          this.#clock.passed(model.tooLong.length * roundMs);
          if (!this.#keeps) this.#unload(model.id);
        });
  }

  async #encodeLengths({ id, rounds }: Measuring, encoder: EncoderForTexts, round: number): Promise<void> {
    const { roundMs, lengths } = this.#steps;
    for (const [at, one] of rounds.entries()) {
      await this.#clock.during({ what: 'encode', id, size: lengths[at] ?? 0 });
      if (round < 0) await one.prepare(encoder);
      else await one.round(encoder);
      this.#clock.passed(round < 0 ? 2 * roundMs : roundMs);
    }
  }

  async #weightsOf({ id, opened }: Measuring): Promise<ParameterStore> {
    const known = this.#resident.get(id);
    if (known) return known;
    const parameters = await loadCandidate(this.engine, this.deps.db, opened);
    this.#resident.set(id, parameters);
    return parameters;
  }

  #unload(id: string): void {
    this.#resident.get(id)?.dispose();
    this.#resident.delete(id);
  }

  /** Searches vectors of every length that a model has, in turn, round by round. */
  async #search(): Promise<void> {
    const { passages, rounds } = this.#steps;
    const widths = [...new Set(this.#models.map(({ opened }) => opened.model.config.hiddenSize))];
    for (const count of passages) {
      const planned = this.#searchMs(count) / Math.max(1, widths.length);
      const timers = widths.map((width) => ({ width, timer: SearchTimer.open(width, count) }));
      for (let round = -1; round < searchRounds(count, rounds); round++)
        for (const { timer } of timers) {
          if (!(timer instanceof SearchTimer)) continue;
          const doing = { what: 'search' as const, id: null, size: count };
          await this.#clock.during(doing);
          await timer.round(this.engine, (done) => this.#clock.during(doing, (planned * done) / count));
          if (round >= 0) this.#clock.passed(planned);
        }
      for (const { width, timer } of timers) {
        if (!(timer instanceof SearchTimer)) this.#result.skipped.push(timer);
        else {
          const { bytes, pieces } = timer;
          const ms = spreadOf(timer.times.slice(1)); // the first search is a warm-up
          this.#result.searches.push({ dimension: width, passages: count, ms, bytes, pieces });
        }
      }
    }
    await this.#keep();
  }

  /** Answers the dev questions with the vectors of each model in every form. */
  async #answer(): Promise<void> {
    const data = await this.#questions();
    if (!data) return;
    const { db, device } = this.deps;
    const key = `${this.#result.device.backend} ${(await deviceKey(device)).key}`;
    this.#result.questions = { questions: data.questions.length, passages: data.passages.length };
    for (const { id, opened } of [...this.#models])
      await this.#orFail({ id, name: opened.model.name }, async () => {
        const doing = { what: 'questions' as const, id, size: data.questions.length };
        const between = (from: number, share: number) => (done: number, of: number) =>
          this.#clock.during(doing, questionsMs * (from + (of > 0 ? done / of : 0) * share));
        const encoder = engineEncoder(opened, {
          ...{ db, engine: this.engine, deviceKey: key },
          between: (what) => (what === 'passages' ? between(0, 0.6) : between(0, 0)),
        });
        const { questions, passages } = await candidateVectors(encoder, data, db);
        const forms = await measureForms(this.engine, { questions, passages }, data, between(0.6, 0.4));
        this.#clock.passed(questionsMs);
        this.#result.models = this.#result.models.map((model) => (model.id === id ? { ...model, forms } : model));
        await this.#keep();
      });
    const failed = new Set(this.#result.failures.map(({ id }) => id));
    if (this.#result.models.every(({ id }) => failed.has(id))) this.#result.questions = null;
  }

  /** Returns the dev questions, or null and keeps the reason if there are none to answer. */
  async #questions(): Promise<ComparedData | null> {
    try {
      return await comparedData(this.deps.db, { experimentId: this.request.experimentId }, 'dev');
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'nothing-to-evaluate' && details.kind !== 'data-missing') throw thrown;
      this.#result.questionsError = details;
      return null;
    }
  }
}

function measuredModel({ id, candidate, opened, rounds, tooLong }: Measuring): MeasuredModel {
  const { model } = opened;
  return {
    ...{ id, candidate, name: model.name, dimension: model.config.hiddenSize, sizes: modelSizes(model) },
    ...{ encoding: rounds.map(({ speed }) => speed), tooLong, forms: null },
  };
}
