import type { Sweep } from '../domain/sweep/sweep';
import { gateway } from '../state/gateway';
import type { ImportedInputs, InputReports } from './importInputs';
import type { HeadlessJob, JobRoutes } from './jobRoutes';

/** Minimum time between two progress reports to the terminal. */
const progressMs = 1000;

/** Returns a callback that passes on progress at most once per `progressMs`. */
export function throttled(send: (done: number, of: number) => void): (done: number, of: number) => void {
  let sentAt = 0;
  return (done, of) => {
    if (performance.now() - sentAt < progressMs) return;
    sentAt = performance.now();
    send(done, of);
  };
}

/** Posts events to the runner, one at a time and in order. `settled` throws the first failure. */
export class EventSender {
  #tail: Promise<void> = Promise.resolve();

  constructor(private readonly routes: JobRoutes) {}

  send(path: 'events' | 'progress', value: unknown): void {
    const next = this.#tail.then(() => this.routes.post(path, value));
    // `settled` reports the failure later; until then the rejection must not count as unhandled.
    next.catch(() => undefined);
    this.#tail = next;
  }

  settled(): Promise<void> {
    return this.#tail;
  }
}

/** Returns the callbacks that report to the terminal while files are read. */
export function inputReports(sender: EventSender): InputReports {
  return {
    import: throttled((done, of) => sender.send('progress', { what: 'import', done, of })),
    download: throttled((done, of) => sender.send('progress', { what: 'download', done, of })),
    note: (note) => sender.send('progress', { note }),
  };
}

/** Stores the experiment with its sweeps, tokens and mined negatives. Returns its id. */
export async function prepare(
  inputs: ImportedInputs,
  job: HeadlessJob,
  sender: EventSender,
  sweeps?: Sweep[],
): Promise<string> {
  const now = Date.now();
  const experimentId = crypto.randomUUID();
  await gateway.putExperiment({
    experimentId,
    name: job.name,
    experiment: inputs.experiment,
    ...(sweeps ? { sweeps } : {}),
    createdAt: now,
    updatedAt: now,
    demo: false,
  });
  // Tokenize in the data worker first: it reports progress, and the memory plan then finds the tokens in storage.
  sender.send('progress', { what: 'tokenize', done: 0, of: 0 });
  const progress = throttled((done, of) => sender.send('progress', { what: 'tokenize', done, of }));
  await (await gateway.data()).tokenize(inputs.experiment, progress);
  if (inputs.experiment.stages.some(({ negatives }) => negatives?.from === 'mined')) {
    const mined = throttled((done, of) => sender.send('progress', { what: 'mine', done, of }));
    await (await gateway.gpu()).mineNegatives(experimentId, job.device, mined);
  }
  return experimentId;
}
