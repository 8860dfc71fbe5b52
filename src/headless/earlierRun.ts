import { budgetBytes } from '../domain/memory/budget';
import type { RunRecord } from '../domain/run';
import { formatBytes } from '../ui/i18n/format';

/** The unfinished run to resume, or a note for the terminal on why a new run is started instead. */
interface EarlierRun {
  resumed?: RunRecord;
  note?: string;
}

/** Whether the runner still has to train the run or write its results. Trials have no results of their own. */
export function isUnfinished({ runId, status, trial }: RunRecord, delivered: readonly string[]): boolean {
  return !trial && status !== 'cancelled' && (status !== 'done' || !delivered.includes(runId));
}

/** Returns the note for the terminal on a resumed run. Its `resumed` event says after which step training resumes. */
export function resumeNote({ status }: RunRecord): string {
  if (status !== 'done') return 'resuming the interrupted run';
  return 'the run was trained before, but its results were not written: going on with the export';
}

/**
 * Chooses which of the unfinished runs of the same experiment on the same device to resume. To keep its results
 * bit-identical, a run keeps the step strategies planned for its budget. Two kinds of runs are therefore abandoned for
 * a new one: a run that ran out of memory would do so again, and a run planned for another budget would ignore the
 * requested one.
 */
export function earlierRun(unfinished: readonly RunRecord[], chosenBytes: number | undefined): EarlierRun {
  const resumed = unfinished.find((run) => reasonToLeave(run, chosenBytes) === null);
  if (resumed) return { resumed };
  const [left] = unfinished;
  const reason = left && reasonToLeave(left, chosenBytes);
  return reason ? { note: `starting a new run: the interrupted one ${reason}` } : {};
}

function reasonToLeave(run: RunRecord, chosenBytes?: number): string | null {
  const { status, error, memory, device, devicePreference } = run;
  // Nothing is left to train, so the budget no longer matters.
  if (status === 'done') return null;
  if (error?.kind === 'rows-changed') return 'began with rows that this version does not train on';
  if (error?.kind === 'gpu-out-of-memory') return 'ran out of memory and would do so again';
  if (chosenBytes === undefined) return null;
  if (!memory) return 'was planned without a budget';
  // If no device has been opened yet, the plan may have been made for either backend.
  const backends = device ? [device.backend] : devicePreference === 'auto' ? ['webgpu', 'wasm'] : [devicePreference];
  const asked = (['webgpu', 'wasm'] as const)
    .filter((backend) => backends.includes(backend))
    .map((backend) => budgetBytes(backend, chosenBytes, undefined));
  if (asked.includes(memory.budgetBytes)) return null;
  const [first = chosenBytes] = asked;
  return `was planned for a budget of ${formatBytes(memory.budgetBytes)}, not ${formatBytes(first)}`;
}
