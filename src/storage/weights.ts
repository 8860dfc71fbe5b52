import { guard, type Database } from './database';
import { makingRoom } from './deletedExperiments';
import type { WeightPart } from './schema';
import { requireStorage } from './space';
import { weightPartsOf } from './weightKeys';
import { sha256Of, weightPartBytes } from './weightReader';

export async function deleteWeights(db: Database, weightsId: string): Promise<void> {
  await guard(() => db.delete('weightParts', weightPartsOf(weightsId)));
}

/** Whether all parts of a model's weights are stored, in their full length. */
export async function hasWeights(db: Database, weightsId: string, totalBytes: number): Promise<boolean> {
  for (let part = 0; part * weightPartBytes < totalBytes; part++) {
    const expected = Math.min(weightPartBytes, totalBytes - part * weightPartBytes);
    const bytes = (await db.get('weightParts', [weightsId, part]))?.bytes;
    if ((bytes instanceof Blob ? bytes.size : bytes?.byteLength) !== expected) return false;
  }
  return true;
}

/** Cuts a stream of tensors into parts of at most 32 MiB and passes each one to `take`. */
class PartCutter {
  #part = new Uint8Array(weightPartBytes);
  #filled = 0;

  constructor(private readonly take: (part: Uint8Array<ArrayBuffer>) => Promise<void>) {}

  async write(values: Float32Array | Uint8Array): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let from = 0;
    while (from < bytes.length) {
      const length = Math.min(bytes.length - from, weightPartBytes - this.#filled);
      this.#part.set(bytes.subarray(from, from + length), this.#filled);
      this.#filled += length;
      from += length;
      if (this.#filled === weightPartBytes) await this.cut();
    }
  }

  /**
   * Ends the current part, so that the next tensor starts a new one. `take` must not keep the array that it receives.
   */
  async cut(): Promise<void> {
    const filled = this.#part.subarray(0, this.#filled);
    this.#filled = 0;
    if (filled.length > 0) await this.take(filled);
  }
}

/** Stores a stream of tensors. One part is written while the next is filled. */
export class WeightWriter {
  #parts = 0;
  #bytes = 0;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #cutter = new PartCutter((bytes) => this.writePart(new Blob([bytes])));

  constructor(
    private readonly db: Database,
    private readonly weightsId: string,
  ) {}

  write(values: Float32Array | Uint8Array): Promise<void> {
    return this.#cutter.write(values);
  }

  /** Starts writing a part once the previous one is written. Throws `quota-exceeded` if there is no room for it. */
  async writePart(bytes: Blob): Promise<void> {
    await this.#writing;
    await requireStorage(bytes.size);
    const part = this.#parts++;
    this.#bytes += bytes.size;
    this.#writing = makingRoom(this.db, () => this.db.put('weightParts', { weightsId: this.weightsId, part, bytes }));
    // The error is thrown by the next call; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  async finish(): Promise<{ bytes: number }> {
    await this.#cutter.cut();
    await this.#writing;
    return { bytes: this.#bytes };
  }
}

/** A part in the browser's blob storage, outside this thread's memory and not yet in the database. */
export type HashedPart = WeightPart & { blob: Blob };

/**
 * Reads sections of tensors into hashed parts and passes each part on. Every section starts a new part. A part is
 * hashed while the next one is filled.
 */
export async function cutSections(
  sections: readonly AsyncIterable<Float32Array>[],
  take: (part: HashedPart) => Promise<void> | void,
): Promise<void> {
  let waiting: Promise<HashedPart> | undefined;
  const flush = async (): Promise<void> => {
    const part = await waiting;
    waiting = undefined;
    if (part) await take(part);
  };
  const cutter = new PartCutter(async (bytes) => {
    // Both calls copy the bytes before they return.
    const [blob, hash] = [new Blob([bytes]), sha256Of(bytes)];
    hash.catch(() => undefined); // `flush` throws this error, unless nobody needs the hash any more
    await flush();
    waiting = hash.then((sha256) => ({ blob, bytes: blob.size, sha256 }));
    waiting.catch(() => undefined);
  });
  for (const section of sections) {
    for await (const tensor of section) await cutter.write(tensor);
    await cutter.cut();
  }
  await flush();
}
