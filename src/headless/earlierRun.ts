import { budgetBytes } from '../domain/memory/budget';
import type { RunRecord } from '../domain/run';
import { formatBytes } from '../ui/i18n/format';

/** The run to go on with, where there is one; and what to say at the terminal of the one that is gone on with, or left. */
export interface EarlierRun {
  resumed?: RunRecord;
  note?: string;
}

/**
 * Which of the unfinished runs of the same experiment on the same device is gone on with. A run keeps the ways that were chosen for its budget,
 * so that its bits stay the same: one that ran out of memory would again, and one of another budget than is asked for now would take no notice
 * of it. Those are left, and a new run begins.
 */
export function earlierRun(unfinished: readonly RunRecord[], chosenBytes: number | undefined): EarlierRun {
  const resumed = unfinished.find((run) => reasonToLeave(run, chosenBytes) === null);
  if (resumed) return { resumed, note: `resuming the interrupted run, which had reached step ${resumed.step}` };
  const [left] = unfinished;
  const reason = left && reasonToLeave(left, chosenBytes);
  return reason ? { note: `beginning a new run: the interrupted one ${reason}` } : {};
}

function reasonToLeave({ error, memory, device, devicePreference }: RunRecord, chosenBytes?: number): string | null {
  if (error?.kind === 'gpu-out-of-memory') return 'ran out of memory, and would again';
  if (chosenBytes === undefined) return null;
  if (!memory) return 'was planned for no budget';
  // Where no device was opened yet, the plan may have been made for either.
  const backends = device ? [device.backend] : devicePreference === 'auto' ? ['webgpu', 'wasm'] : [devicePreference];
  const asked = (['webgpu', 'wasm'] as const)
    .filter((backend) => backends.includes(backend))
    .map((backend) => budgetBytes(backend, chosenBytes, undefined));
  if (asked.includes(memory.budgetBytes)) return null;
  const [first = chosenBytes] = asked;
  return `was planned for a budget of ${formatBytes(memory.budgetBytes)}, and not for ${formatBytes(first)}`;
}
