import type { DeviceInfo } from '../device';
import type { TensorError } from './tensorError';

/** Precisions that are judged separately: full, and mixed if the device supports half precision. */
export type CheckPrecision = 'full' | 'mixed';

/**
 * Largest relative error that a correct device may have. In full precision, it is the bound to which the engine's
 * gradients are tested against PyTorch, about 500 times the error that devices show. Mixed precision rounds every
 * activation to 11 significant bits.
 */
export const checkTolerance: Readonly<Record<CheckPrecision, number>> = { full: 1e-3, mixed: 0.05 };

/** How far the engine's step is from the reference in one precision. */
export interface PrecisionCheck {
  precision: CheckPrecision;
  /** The loss and all gradients, largest error first. */
  errors: TensorError[];
  /** Median duration of a step, after the warm-up. */
  stepMs: number;
}

/** The same step in stock tfjs on the same adapter: its largest error and its time, or why it failed. */
export type PeerCheck =
  | {
      worst: TensorError;
      /** Median step times after the warm-up. The steps alternate: tfjs, the engine, tfjs, … */
      stepMs: number;
      engineMs: number;
    }
  | { failed: string };

export interface DeviceCheck {
  device: DeviceInfo;
  /** Name and version of the browser, as it reports them. */
  browser: string;
  /** `kernelsVersion` of the build that ran the check. */
  kernels: number;
  checkedAt: number;
  /** Tokens and layers of the step. */
  tokens: number;
  layers: number;
  results: PrecisionCheck[];
  /** Null on wasm: stock TensorFlow.js is compared only on a GPU. */
  peer: PeerCheck | null;
}

export interface CheckProgress {
  phase: 'open' | 'reference' | 'engine' | 'half' | 'tfjs' | 'speed';
  /** Share of the whole check that is done, 0 … 1. */
  share: number;
}

/** Result of checking the device that a preference selects. */
export interface DeviceCheckState {
  /** Identifies the adapter or, on the CPU, wasm. */
  key: string;
  backend: DeviceInfo['backend'];
  check: DeviceCheck | null;
  /** Whether this browser and these kernels ran the check. An outdated check never refuses a device. */
  current: boolean;
}

/** Returns the largest error of a precision, or null if that precision was not checked. */
export function worstError({ results }: DeviceCheck, precision: CheckPrecision): TensorError | null {
  return results.find((result) => result.precision === precision)?.errors[0] ?? null;
}

/** Returns the tensor with the largest error if that error exceeds the tolerance, else null. */
export function wrongTensor(check: DeviceCheck, precision: CheckPrecision): TensorError | null {
  const worst = worstError(check, precision);
  if (!worst) return null;
  return worst.error === null || worst.error > checkTolerance[precision] ? worst : null;
}

/** Returns tfjs's step time divided by the engine's, or null if tfjs did not run. */
export function timesFasterThanPeer({ peer }: DeviceCheck): number | null {
  return peer && 'stepMs' in peer ? peer.stepMs / peer.engineMs : null;
}
