import { rowsOf, type DeviceArray } from '../../engine/arrays';
import type { Engine } from '../../engine/engine';
import type { Loss, LossVectors } from '../../engine/losses/loss';

/** Limit on the rows of a batch that are read back. */
const mostRows = 64;
/**
 * Limit on the vectors that are read back, including those of explicit negatives: about 1.5 MB for 768 numbers each.
 */
const mostVectors = 512;

/** Unit vectors of the first rows of a batch, on the host. */
export interface ObservedVectors {
  rows: number;
  width: number;
  /** Number of rows in the whole batch. */
  batchRows: number;
  perAnchor: number;
  anchors: Float32Array; // [rows, width]
  positives: Float32Array; // [rows, width]
  negatives: Float32Array; // [rows · perAnchor, width]
}

/**
 * Reads back the vectors of the first batch of chosen steps, as the loss sees them. Copies only, so it changes no bit
 * of training.
 */
export class BatchObserver {
  readonly loss: Loss;
  #wanted = false;
  #read: Promise<ObservedVectors> | null = null;

  constructor(loss: Loss) {
    this.loss = {
      numbers: loss.numbers,
      run: (engine, vectors, ...others) => {
        if (this.#wanted) this.#observe(engine, vectors);
        return loss.run(engine, vectors, ...others);
      },
    };
  }

  /** Calls `begin`. Returns the vectors of the first batch whose loss it records, or null if it records none. */
  observing(begin: () => void): Promise<ObservedVectors> | null {
    this.#wanted = true;
    begin();
    this.#wanted = false;
    const read = this.#read;
    this.#read = null;
    return read;
  }

  #observe(engine: Engine, { anchors, candidates }: LossVectors): void {
    this.#wanted = false;
    const [batchRows = 0, width = 0] = anchors.shape;
    const perAnchor = (candidates.shape[0] ?? 0) / Math.max(1, batchRows) - 1;
    const rows = Math.min(batchRows, mostRows, Math.max(1, Math.floor(mostVectors / (2 + perAnchor))));
    const read = (array: DeviceArray, first: number, count: number): Promise<Float32Array> =>
      count === 0 ? Promise.resolve(new Float32Array(0)) : engine.commands.read(rowsOf(array, first, count));
    // GPU→CPU sync, awaited once the step is finished
    const reads = [
      read(anchors, 0, rows),
      read(candidates, 0, rows),
      read(candidates, batchRows, rows * perAnchor),
    ] as const;
    this.#read = Promise.all(reads).then(([anchors, positives, negatives]) => ({
      ...{ rows, width, batchRows, perAnchor, anchors, positives, negatives },
    }));
    this.#read.catch(() => undefined); // if the device fails, the step itself reports it
  }
}
