import type { DeviceInfo } from '../device';
import type { TensorError } from './tensorError';

/** Precisions that are judged separately: full, and mixed where the device has half precision. */
export type CheckPrecision = 'full' | 'mixed';

/**
 * Largest relative error of a device that computes rightly. In full precision this is the bound for which the engine's
 * gradients are tested against PyTorch, about 500 times what devices show. Mixed precision rounds every activation to
 * 11 bits.
 */
export const checkTolerance: Readonly<Record<CheckPrecision, number>> = { full: 1e-3, mixed: 0.05 };

/** How far the engine's step is from the reference in one precision. */
export interface PrecisionCheck {
  precision: CheckPrecision;
  /** The loss and all gradients, largest error first. */
  errors: TensorError[];
  /** Median of the warm steps. */
  stepMs: number;
}

/** The same step in stock tfjs on the same adapter: its largest error and its time, or why it failed. */
export type PeerCheck =
  | {
      worst: TensorError;
      /** Medians of warm steps, taken in turns: tfjs, the engine, tfjs, … */
      stepMs: number;
      engineMs: number;
    }
  | { failed: string };

export interface DeviceCheck {
  device: DeviceInfo;
  /** Name and version of the browser, as it reports them. */
  browser: string;
  /** `kernelsVersion` of the build that checked. */
  kernels: number;
  checkedAt: number;
  /** Tokens and layers of the step. */
  tokens: number;
  layers: number;
  results: PrecisionCheck[];
  /** Null on wasm: stock TensorFlow.js is compared only on a GPU. */
  peer: PeerCheck | null;
}

export const checkPhases = ['open', 'reference', 'engine', 'half', 'tfjs', 'speed'] as const;
export interface CheckProgress {
  phase: (typeof checkPhases)[number];
  /** Share of the whole check that is done. */
  share: number;
}

/** What is known about the device that a preference selects. */
export interface DeviceCheckState {
  /** Names the adapter, or wasm. */
  key: string;
  backend: DeviceInfo['backend'];
  check: DeviceCheck | null;
  /** Whether the check was made with this browser and these kernels. An older one refuses no device. */
  current: boolean;
}

/** Returns the largest error of a precision, or null if that precision was not checked. */
export function worstError({ results }: DeviceCheck, precision: CheckPrecision): TensorError | null {
  return results.find((result) => result.precision === precision)?.errors[0] ?? null;
}

/** Returns the tensor that is wrong in this precision, or null. */
export function wrongTensor(check: DeviceCheck, precision: CheckPrecision): TensorError | null {
  const worst = worstError(check, precision);
  if (!worst) return null;
  return worst.error === null || worst.error > checkTolerance[precision] ? worst : null;
}

/** Returns how many times as long tfjs takes, or null if it did not run. */
export function timesFasterThanPeer({ peer }: DeviceCheck): number | null {
  return peer && 'stepMs' in peer ? peer.stepMs / peer.engineMs : null;
}
