import type { DeviceInfo } from '../run';

type Backend = DeviceInfo['backend'];

const GiB = 2 ** 30;
/** What a machine is taken to have that does not tell: Firefox and Safari keep it to themselves. */
const assumedMemoryGiB = 4;
/** The smallest budget that is worth a run, and the largest that is taken without being asked for. */
const [leastGiB, mostGiB] = [1, 8];
/** Of wasm's address space of 4 GiB; the rest is left to what grows beside the arrays. */
const wasmGiB = 3;

/**
 * The memory that a run may take where nobody set it. No page can ask how much memory a GPU has free, and one that takes too much is
 * stopped or makes the whole machine swap; so half of the machine's own memory, which GPUs without memory of their own share, and which is a
 * cautious guess for the others.
 */
export function defaultBudgetBytes(backend: Backend, deviceMemoryGiB: number | undefined): number {
  const half = (deviceMemoryGiB ?? assumedMemoryGiB) / 2;
  return Math.min(Math.max(leastGiB, half), backend === 'wasm' ? wasmGiB : mostGiB) * GiB;
}

/** The budget that was set, or the default; wasm gives no more than its address space allows. */
export function budgetBytes(backend: Backend, chosen: number | null, deviceMemoryGiB: number | undefined): number {
  if (chosen === null) return defaultBudgetBytes(backend, deviceMemoryGiB);
  return backend === 'wasm' ? Math.min(chosen, wasmGiB * GiB) : chosen;
}

/** Whether a budget of so many bytes may be set. */
export function allowsBudget(backend: Backend, bytes: number): boolean {
  return budgetBytes(backend, bytes, undefined) >= bytes;
}
