import type { CompareFault } from './evaluate/compareFault';
import type { StageFault } from './train/stageFaults';
import type { DeviceJob } from './device';
import type { Said } from './errorWords';
import type { FileType } from './import/fileType';
import type { ImportFault } from './import/importFault';
import type { ModelFault } from './import/modelFault';
import type { MemoryProposal } from './memory/proposal';
import type { NegativesError } from './negatives/negativesError';
import type { ProjectFault } from './project/projectFault';

export type { ImportFault, ModelFault, ProjectFault };

export type HubFault =
  | 'id-invalid'
  | 'host-invalid'
  | 'no-model'
  | 'no-revision'
  /** The model is private or gated, or doesn't exist: hubs don't say which. */
  | 'needs-token'
  /** The browser would pass an access token on to the file server that the host redirects to. */
  | 'token-unsafe'
  | 'offline'
  /** The request failed without an answer: the host can't be reached, or doesn't allow requests from other sites. */
  | 'blocked'
  /** The connection broke repeatedly without delivering another byte. */
  | 'broken-off'
  /** A web page arrived instead of a file, for example from a login or a proxy. */
  | 'html'
  | 'listing-invalid'
  /** `expected` and `found` count bytes. */
  | 'size-differs'
  | 'hash-differs'
  /** The host answered with the HTTP error in `status`. */
  | 'refused'
  | 'file-missing'
  /** `found` lists the files with weights. */
  | 'weights-unsupported'
  /** Another tab is downloading a model. */
  | 'elsewhere';

export type LinkFault = 'cut' | 'tampered' | 'too-new' | 'too-large' | 'invalid';

export type AppErrorDetails =
  | {
      kind: 'import-failed';
      file: string;
      line?: number;
      question?: number;
      fault: ImportFault;
      field?: string;
      /**
       * Only for the fault no-known-columns: column names that would have been accepted. `field` then lists the columns
       * found.
       */
      expected?: string;
      /** Only for the fault wrong-type. */
      fileType?: FileType;
    }
  | { kind: 'model-invalid'; file: string; fault: ModelFault; tensor?: string; expected?: Said; found?: Said }
  | { kind: 'experiment-invalid'; path: string; found: Said; expected?: Said }
  | { kind: 'experiment-too-new'; version: number; supported: number }
  | { kind: 'data-missing'; role: string; part?: 'dev' | 'test'; contentSha256?: string }
  | { kind: 'model-missing'; contentSha256?: string }
  /**
   * `distinct` says what `pairs` counts if it is not all pairs: distinct passages, distinct anchors, or pairs that can
   * be in one batch together.
   */
  | { kind: 'too-few-pairs'; pairs: number; batchSize: number; distinct?: 'passages' | 'anchors' | 'together' }
  | NegativesError
  | { kind: 'nothing-to-evaluate'; part: 'dev' | 'test' | 'pairs' }
  | { kind: 'link-invalid'; fault: LinkFault }
  /**
   * `neededBytes`: the total that the operation stores, if known. `freeBytes`: the space that the browser reports as
   * free.
   */
  | { kind: 'quota-exceeded'; neededBytes?: number; freeBytes?: number }
  | { kind: 'storage-failed'; reason: Said }
  | { kind: 'worker-crashed'; worker: 'data' | 'gpu'; reason: Said }
  | { kind: 'project-too-new'; file: string; version: number; supported: number }
  /** A warning: the project was saved or opened without a run or an input. `name` is the experiment's name. */
  | { kind: 'project-partial'; file: string; name: string; fault: ProjectFault; runId?: string }
  /** The file opened as a project is an experiment file, which only the command line reads. */
  | { kind: 'project-is-experiment'; file: string }
  | { kind: 'project-invalid'; file: string; entry?: string; reason: Said }
  /** Another tab stored part of the project while this one was opening it, so nothing was added. */
  | { kind: 'project-overtaken'; file: string }
  | { kind: 'checkpoint-corrupt'; runId: string; generation: number }
  | { kind: 'gpu-unavailable'; reason: Said }
  /**
   * The device check found wrong results. `tensor`: the loss or the gradient that is furthest from the reference.
   * `error`: its relative error, or null if one of its numbers was not finite.
   */
  | {
      kind: 'device-wrong';
      backend: 'webgpu' | 'wasm';
      precision: 'full' | 'mixed';
      tensor: string;
      error: number | null;
    }
  | StageFault
  | CompareFault
  /**
   * The stage asks for mixed precision on matrix units, but the browser offers none on this device or, if `reason` is
   * set, their kernels do not compile.
   */
  | { kind: 'matrices-unavailable'; stage: number; reason?: string }
  | { kind: 'gpu-device-lost'; reason: string }
  | { kind: 'gpu-out-of-memory'; neededBytes?: number }
  /**
   * The run does not fit in memory and was refused before it started. `neededBytes`: the least that the run needs, in
   * total (`budget`) or in its largest array (`array`). `canRaise`: whether the device accepts a large enough budget.
   * The proposed settings are alternatives: changing one of them is enough.
   */
  | ({
      kind: 'memory-too-small';
      limit: 'budget' | 'array';
      neededBytes: number;
      limitBytes: number;
      canRaise: boolean;
    } & MemoryProposal)
  | { kind: 'training-diverged'; step: number; quantity: 'loss' | 'gradientNorm'; parameter?: string }
  /** The device runs one job at a time; `job` is already running. */
  | { kind: 'device-busy'; job: DeviceJob }
  /** Another tab is executing the run. */
  | { kind: 'run-elsewhere'; runId: string }
  /** A run cannot resume: its data is split differently now or, if not `recorded`, its rows are not known. */
  | { kind: 'rows-changed'; recorded: boolean }
  /** The benchmark was interrupted. */
  | { kind: 'benchmark-stopped'; cause: 'memory' }
  | { kind: 'benchmark-stopped'; cause: 'device' | 'worker'; reason: Said }
  /** The device check was interrupted. */
  | { kind: 'check-stopped'; cause: 'memory' }
  | { kind: 'check-stopped'; cause: 'device' | 'worker'; reason: Said }
  | {
      kind: 'not-found';
      what: 'experiment' | 'run' | 'dataset' | 'model' | 'checkpoint' | 'evaluation' | 'tokens' | 'file';
      id: string;
    }
  | { kind: 'export-mismatch'; file: string; cosine: number }
  /** If `status` is missing, the connection failed. */
  | { kind: 'download-failed'; url: string; status?: number }
  | {
      kind: 'hub-failed';
      fault: HubFault;
      host: string;
      id?: string;
      file?: string;
      status?: number;
      expected?: string;
      found?: string;
    }
  | { kind: 'cancelled' }
  | { kind: 'unexpected'; reason: Said };

/**
 * The only error type of the app. The UI turns `details` into a sentence in the user's language
 * (src/ui/i18n/errors.ts). `details` crosses worker boundaries unchanged (src/protocol/errorTransfer.ts).
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  constructor(
    readonly details: AppErrorDetails,
    options?: { cause?: unknown },
  ) {
    super(JSON.stringify(details), options);
  }
}

/** Wraps any thrown value in an AppError. Returns an AppError unchanged; a full disk becomes `quota-exceeded`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && thrown.name === 'QuotaExceededError')
    return new AppError({ kind: 'quota-exceeded' }, { cause: thrown });
  const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : JSON.stringify(thrown);
  return new AppError({ kind: 'unexpected', reason }, { cause: thrown });
}
