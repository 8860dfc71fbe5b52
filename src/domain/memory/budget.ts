import type { DeviceInfo } from '../device';

type Backend = DeviceInfo['backend'];

const GiB = 2 ** 30;
/** Assumed if the browser does not report the device memory, as Firefox and Safari don't. */
const assumedMemoryGiB = 4;
/** Bounds of the default budget. A run isn't worth starting with less, and only the user can set more. */
const [minGiB, maxGiB] = [1, 8];
/** Maximum budget on wasm. The address space has 4 GiB, of which the rest is for memory other than arrays. */
const maxWasmGiB = 3;

/**
 * Returns the memory budget of a run if the user has not set one: half of the machine's memory. A page cannot ask how
 * much GPU memory is free, and if it takes too much, the browser kills it or the whole machine swaps. Integrated GPUs
 * share the machine's memory; for GPUs with their own memory, half is a cautious guess.
 */
export function defaultBudgetBytes(backend: Backend, deviceMemoryGiB: number | undefined): number {
  const half = (deviceMemoryGiB ?? assumedMemoryGiB) / 2;
  return Math.min(Math.max(minGiB, half), backend === 'wasm' ? maxWasmGiB : maxGiB) * GiB;
}

/** Returns the budget set by the user, or else the default. On wasm the address space limits it. */
export function budgetBytes(backend: Backend, chosen: number | null, deviceMemoryGiB: number | undefined): number {
  if (chosen === null) return defaultBudgetBytes(backend, deviceMemoryGiB);
  return backend === 'wasm' ? Math.min(chosen, maxWasmGiB * GiB) : chosen;
}

/** Whether the backend accepts a budget of `bytes`. */
export function allowsBudget(backend: Backend, bytes: number): boolean {
  return budgetBytes(backend, bytes, undefined) >= bytes;
}
