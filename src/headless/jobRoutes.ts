import type { DevicePreference } from '../domain/device';
import { downloaded } from '../domain/download';
import type { AppError } from '../domain/errors';
import type { Language } from '../domain/language';

/**
 * A job as served by the local runner (tools/lib/jobRoutes.mjs). URLs in `inputs` are relative to the job's own URL.
 */
export interface Job {
  /** Name of the job's file, without its extension. */
  name: string;
  /** Name of the job's file, used in messages. */
  fileName: string;
  device: DevicePreference;
  /** Language of the report. */
  language: Language;
  /** Host that a model named `hub:ID` is fetched from: the name of a known host or an address. */
  hubHost?: string;
  /** Access token, sent to that host only and never stored. */
  hubToken?: string;
  inputs: { slot: string; path: string; url: string }[];
}

/** A training job, from `npm run experiment`. */
export interface HeadlessJob extends Job {
  kind: 'experiment';
  /** The parsed experiment file, not yet validated: any JSON. */
  experiment: unknown;
  modelName: string;
  /** Name of the model that mines negatives; empty if it is fetched from a hub or there is none. */
  negativesModelName: string;
  /** Name of the guide model, which recognizes false negatives; empty if it is fetched from a hub or there is none. */
  guideModelName: string;
  /** Name of the teacher of a distillation; empty if it is fetched from a hub or there is none. */
  teacherModelName: string;
  /** Memory budget of the run; defaults to the device's own. */
  budgetBytes?: number;
  /** Ids of runs in this browser profile whose results an earlier command has written. */
  delivered: string[];
}

/** A job that compares models without training, from `npm run evaluate`. */
export interface EvaluateJob extends Job {
  kind: 'evaluate';
  /** The parsed evaluation file, not yet validated. */
  evaluation: unknown;
  withReport: true;
}

/** A job that compares results of earlier commands, from `npm run compare`. */
export interface CompareJob extends Job {
  kind: 'compare';
  /** Each folder with its metrics.json, not yet validated. */
  folders: { name: string; metrics: unknown }[];
  /** Name of the model that the others are compared with. */
  baseline?: string;
  k?: number;
  /** Whether to write the results, and not only show them. */
  withReport: boolean;
}

export type AnyJob = HeadlessJob | EvaluateJob | CompareJob;

export type JobResult = { ok: true; runIds: string[] } | { ok: false; sentence: string; details: AppError['details'] };

/** The runner's routes for one job. Throws `download-failed` if a response is not OK. */
export class JobRoutes {
  readonly #base: URL;

  constructor(token: string, pageUrl: string) {
    this.#base = new URL(`__job/${encodeURIComponent(token)}/`, pageUrl);
  }

  #ask<T>(path: string, read: (response: Response) => Promise<T>, init?: RequestInit): Promise<T> {
    const url = new URL(path, this.#base);
    return downloaded(url.pathname, () => fetch(url, { cache: 'no-store', ...init }), read);
  }

  async #post(path: string, body: BodyInit): Promise<void> {
    await this.#ask(path, () => Promise.resolve(), { method: 'POST', body });
  }

  async job(): Promise<AnyJob> {
    return JSON.parse(await this.#ask('job.json', (response) => response.text())) as AnyJob;
  }

  /** Fetches the files of one slot, with their paths relative to the slot's folder. */
  async files(job: Pick<Job, 'inputs'>, slot: string): Promise<{ path: string; file: File }[]> {
    const found: { path: string; file: File }[] = [];
    for (const input of job.inputs.filter((one) => one.slot === slot)) {
      const blob = await this.#ask(input.url, (response) => response.blob());
      found.push({ path: input.path, file: new File([blob], input.path.split('/').pop() ?? input.path) });
    }
    return found;
  }

  async post(path: 'events' | 'progress' | 'metrics' | 'finish', value: unknown): Promise<void> {
    await this.#post(path, JSON.stringify(value));
  }

  /** Sends a file to be stored next to metrics.json, such as report.html. */
  async postReport(name: string, file: Blob): Promise<void> {
    await this.#post(`report/${name}`, file);
  }

  /** Sends one file of the exported folder. */
  async postExport(path: string, file: Blob): Promise<void> {
    await this.#post(`export/${path}`, file);
  }
}
