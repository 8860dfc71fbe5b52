import type { DeviceJob } from './deviceJob';

export type ModelFault =
  | 'missing-file'
  | 'not-json'
  | 'unsupported-architecture'
  | 'empty'
  /** `expected` and `found` count bytes. */
  | 'truncated'
  | 'header-invalid'
  | 'tensor-missing'
  | 'tensor-shape'
  | 'tensor-dtype'
  | 'vocabulary-mismatch'
  | 'tokenizer-invalid'
  | 'pooling-unsupported';

export type ImportFault =
  | 'empty-file'
  | 'no-rows'
  | 'binary-file'
  | 'encoding-unknown'
  | 'json-broken'
  | 'csv-broken'
  | 'literal-broken'
  | 'xlsx-broken'
  | 'xlsx-too-large'
  /** An .xls file of Excel 97–2003, or a workbook with a password. */
  | 'xls-unsupported'
  /** A merged title above the table of a sheet. */
  | 'title-row'
  | 'front-matter'
  | 'no-known-columns'
  | 'field-missing'
  | 'text-empty'
  | 'relevant-missing'
  | 'unknown-passage'
  | 'reference-ignored'
  | 'no-known-passage'
  | 'needs-knowledge-base'
  | 'duplicate-id'
  | 'not-an-object';

export type LinkFault = 'cut' | 'tampered' | 'too-new' | 'too-large' | 'invalid';

export type AppErrorDetails =
  | {
      kind: 'import-failed';
      file: string;
      line?: number;
      question?: number;
      fault: ImportFault;
      field?: string;
      /** With no-known-columns: the accepted column names. `field` then lists the columns found. */
      expected?: string;
    }
  | { kind: 'model-invalid'; file: string; fault: ModelFault; tensor?: string; expected?: string; found?: string }
  | { kind: 'experiment-invalid'; path: string; found: string; expected?: string }
  | { kind: 'experiment-too-new'; version: number; supported: number }
  | { kind: 'data-missing'; role: string; part?: 'dev' | 'test'; contentSha256?: string }
  | { kind: 'model-missing'; contentSha256?: string }
  | { kind: 'too-few-pairs'; pairs: number; batchSize: number }
  | { kind: 'nothing-to-evaluate'; part: 'dev' | 'test' }
  | { kind: 'link-invalid'; fault: LinkFault }
  | { kind: 'quota-exceeded'; neededBytes: number }
  | { kind: 'storage-failed'; reason: string }
  | { kind: 'worker-crashed'; worker: 'data' | 'gpu'; reason: string }
  | { kind: 'project-too-new'; file: string; version: number; supported: number }
  | { kind: 'project-invalid'; file: string; entry?: string; reason: string }
  | { kind: 'checkpoint-corrupt'; runId: string; generation: number }
  | { kind: 'gpu-unavailable'; reason: string }
  /** The stage asks for mixed precision, but the device has only float32. */
  | { kind: 'half-unavailable'; stage: number }
  | { kind: 'gpu-device-lost'; reason: string }
  | { kind: 'gpu-out-of-memory'; neededBytes?: number }
  /**
   * Thrown before a run that does not fit. `neededBytes`: the minimum it needs, in total (`budget`) or in its largest
   * array (`array`). `canRaise`: the device accepts a budget that is large enough. `maxTokens`, `batchSize` and
   * `mixedStage` (the stage to switch to mixed precision) are alternatives: changing any one of them is enough.
   */
  | {
      kind: 'memory-too-small';
      limit: 'budget' | 'array';
      neededBytes: number;
      limitBytes: number;
      canRaise: boolean;
      maxTokens?: number;
      batchSize?: number;
      mixedStage?: number;
    }
  | { kind: 'training-diverged'; step: number; quantity: 'loss' | 'gradientNorm'; parameter?: string }
  /** The device runs one job at a time; `job` is the one running. */
  | { kind: 'device-busy'; job: DeviceJob }
  /** Another tab is carrying out the run. */
  | { kind: 'run-elsewhere'; runId: string }
  /** The benchmark was interrupted. */
  | { kind: 'benchmark-stopped'; cause: 'memory' }
  | { kind: 'benchmark-stopped'; cause: 'device' | 'worker'; reason: string }
  | {
      kind: 'not-found';
      what: 'experiment' | 'run' | 'dataset' | 'model' | 'checkpoint' | 'evaluation' | 'tokens' | 'file';
      id: string;
    }
  | { kind: 'export-mismatch'; file: string; cosine: number }
  | { kind: 'download-failed'; url: string; status: number }
  | { kind: 'cancelled' }
  | { kind: 'unexpected'; reason: string };

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
    return new AppError({ kind: 'quota-exceeded', neededBytes: 0 }, { cause: thrown });
  const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : JSON.stringify(thrown);
  return new AppError({ kind: 'unexpected', reason }, { cause: thrown });
}
