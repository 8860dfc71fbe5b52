import { candidateId, type EngineCandidate } from '../../../src/domain/evaluate/candidate';
import {
  searchRounds,
  speedSteps,
  type MeasuredModel,
  type SpeedResult,
  type SpeedSteps,
} from '../../../src/domain/evaluate/speed';
import type { DevicePreference } from '../../../src/domain/device';
import { toAppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { SpeedProgress, SpeedRequest } from '../../../src/protocol/speedApi';
import type { Database } from '../../../src/storage/database';
import { putSpeed } from '../../../src/storage/speeds';
import type { Engine } from '../../engine/engine';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { deviceLossBehind, isDeviceSpoilt, reopenDevice } from '../device/deviceRecovery';
import { onDevice } from '../device/onDevice';
import { deviceEngine, deviceKey } from '../device/openDevice';
import type { RunControl } from '../train/runControl';
import { loadCandidate, openCandidate, type OpenCandidate } from './candidates';
import { candidateVectors, engineEncoder } from './candidateVectors';
import { comparedData, type ComparedData } from './comparedData';
import { EncodeRounds } from './encodeSpeed';
import type { EncoderForTexts } from './encodeTexts';
import { measureForms } from './formFigures';
import { measureSearches } from './measureSearches';
import { modelSizes } from './modelSizes';
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
 * experiment: first after the encoding, so that a later cancel keeps it. Stores nothing if every model has failed.
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
  #engine: Engine;
  /** Models that have encoded on the open device, which therefore has their kernels. */
  readonly #warm = new Set<string>();

  constructor(
    private readonly request: SpeedRequest,
    private readonly deps: SpeedDeps,
    engine: Engine,
    about: Pick<SpeedResult, 'device' | 'browser' | 'build' | 'createdAt'>,
  ) {
    this.#engine = engine;
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
      this.#unloadAll();
    }
    if (this.#models.length === 0) return this.#result;
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
    const error = await this.#failureOf(work, () => this.#unload(id));
    if (!error) return;
    this.#models = this.#models.filter((model) => model.id !== id);
    this.#result.failures.push({ id, name, error });
  }

  /**
   * Returns the error of work that concerns one model or search; null if it succeeds. `clean` frees what the work has
   * left behind. If the device can't be used after the failure, opens it again.
   * @throws cancelled; gpu-device-lost; the error itself if the device doesn't open again.
   */
  async #failureOf(work: () => Promise<void>, clean: () => void): Promise<AppErrorDetails | null> {
    try {
      await work();
      return null;
    } catch (thrown) {
      const error = (await deviceLossBehind(thrown)) ?? toAppError(thrown);
      const { kind } = error.details;
      if (kind === 'cancelled' || kind === 'gpu-device-lost') throw error;
      clean();
      if (await isDeviceSpoilt(error)) {
        this.#unloadAll();
        this.#warm.clear();
        await reopenDevice(this.#result.device, this.deps.wasmBaseUrl, error);
        this.#engine = deviceEngine();
      }
      return error.details;
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
      else {
        if (!this.#warm.has(id)) await one.warmUp(encoder);
        await one.round(encoder);
      }
      this.#clock.passed(round < 0 ? 2 * roundMs : roundMs);
    }
    this.#warm.add(id);
  }

  async #weightsOf({ id, opened }: Measuring): Promise<ParameterStore> {
    const known = this.#resident.get(id);
    if (known) return known;
    const parameters = await loadCandidate(this.#engine, this.deps.db, opened);
    this.#resident.set(id, parameters);
    return parameters;
  }

  #unload(id: string): void {
    this.#resident.get(id)?.dispose();
    if (this.#resident.delete(id)) releaseIdleMemory(this.#engine);
  }

  #unloadAll(): void {
    for (const parameters of this.#resident.values()) parameters.dispose();
    this.#resident.clear();
  }

  /** Searches vectors of every length that a model has. */
  async #search(): Promise<void> {
    const widths = [...new Set(this.#models.map(({ opened }) => opened.model.config.hiddenSize))];
    const found = await measureSearches(widths, this.#steps, {
      ...{ engine: () => this.#engine, clock: this.#clock, searchMs: (passages) => this.#searchMs(passages) },
      failureOf: (work, clean) => this.#failureOf(work, clean),
    });
    Object.assign(this.#result, found);
    await this.#keep();
  }

  /** Answers the dev questions with the vectors of each model in every form. */
  async #answer(): Promise<void> {
    const data = await this.#questions();
    if (!data) return;
    const { db, device } = this.deps;
    const key = `${this.#result.device.backend} ${(await deviceKey(device)).key}`;
    const { sha256 } = data;
    this.#result.questions = { questions: data.questions.length, passages: data.passages.length, sha256 };
    for (const { id, opened } of [...this.#models])
      await this.#orFail({ id, name: opened.model.name }, async () => {
        const doing = { what: 'questions' as const, id, size: data.questions.length };
        const between = (from: number, share: number) => (done: number, of: number) =>
          this.#clock.during(doing, questionsMs * (from + (of > 0 ? done / of : 0) * share));
        const encoder = engineEncoder(opened, {
          ...{ db, engine: this.#engine, deviceKey: key },
          between: (what) => (what === 'passages' ? between(0, 0.6) : between(0, 0)),
        });
        const { questions, passages } = await candidateVectors(encoder, data, db);
        const forms = await measureForms(this.#engine, { questions, passages }, data, between(0.6, 0.4));
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
