import { AppError } from '../../../src/domain/errors';
import { own, type Said } from '../../../src/domain/errorWords';
import type { Neighbour } from '../../../src/domain/evaluate/mapGeometry';
import { projectMap } from './projectMap';

/** What a worker is asked to project. */
interface Question {
  found: readonly (readonly Neighbour[])[];
  seed: number;
}

/** What it answers: progress, and in the end positions or the message of an error. */
type Answer = { done: number; of: number } | { positions: Float32Array<ArrayBuffer> } | { failed: string };

/** Milliseconds between two checks for a cancel: shorter than anyone notices. */
const checkEveryMs = 100;

/** The part of a worker that a projection needs. */
export interface ProjectionWorker {
  postMessage(question: Question): void;
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  terminate(): void;
}

/** Opens the worker that projects. */
export const openProjectionWorker = (): ProjectionWorker =>
  new Worker(new URL('../../map.worker.ts', import.meta.url), { type: 'module', name: 'map' });

/** Projects what this worker is asked for. Call it once, in the worker. */
export function answerProjection(): void {
  const post = (answer: Answer): void => postMessage(answer);
  addEventListener('message', (event: MessageEvent<Question>) => {
    const { found, seed } = event.data;
    const between = (done: number, of: number): Promise<void> => {
      post({ done, of });
      return Promise.resolve();
    };
    projectMap(found, seed, between).then(
      (positions) => post({ positions: Float32Array.from(positions) }),
      (thrown: unknown) => post({ failed: String(thrown) }),
    );
  });
}

/**
 * Projects points as `projectMap` does, in a worker that is terminated once `between` throws: UMAP prepares its graph
 * in one piece, which nothing else can interrupt. `between` is called at least every 100 ms, with the latest progress.
 */
export async function projectInWorker(
  found: readonly (readonly Neighbour[])[],
  seed: number,
  between: (done: number, of: number) => Promise<void>,
  open: () => ProjectionWorker = openProjectionWorker,
): Promise<Float32Array> {
  const worker = open();
  let latest = { done: 0, of: 0 };
  let isOver = false;
  const positions = new Promise<Float32Array>((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if ('positions' in data) resolve(data.positions);
      else if ('failed' in data) reject(new Error(data.failed));
      else latest = data;
    };
    const fail = (reason: Said): void => reject(new AppError({ kind: 'unexpected', reason }));
    // If the script can’t be loaded, the event is a plain one, without a message.
    worker.onerror = ({ message }: Partial<ErrorEvent>) => fail(message || own('worker-not-started'));
    worker.onmessageerror = () => fail(own('message-unreadable'));
  });
  const settled = positions.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  try {
    worker.postMessage({ found, seed });
    while (!isOver) {
      await between(latest.done, latest.of);
      await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, checkEveryMs))]);
    }
    return await positions;
  } finally {
    worker.terminate();
  }
}
