import { AppError } from '../domain/errors';
import { sha256Hasher } from '../domain/hash';
import { guard, type Database } from './database';
import { makingRoom } from './deletedExperiments';
import { weightPartsOf } from './weightKeys';

/** Maximum bytes of a stored part of the weights: writing and reading hold only one part in memory. */
const weightPartBytes = 32 * 1024 * 1024;

async function writeWeightPart(db: Database, weightsId: string, part: number, bytes: ArrayBuffer): Promise<void> {
  await makingRoom(db, () => db.put('weightParts', { weightsId, part, bytes }));
}

async function readWeightPart(db: Database, weightsId: string, part: number): Promise<ArrayBuffer | undefined> {
  return (await db.get('weightParts', [weightsId, part]))?.bytes;
}

/** Returns the bytes of a range that may span parts. Throws `storage-failed` if a part is missing or too short. */
export async function readWeightRange(
  db: Database,
  weightsId: string,
  byteOffset: number,
  byteLength: number,
): Promise<ArrayBuffer> {
  const result = new Uint8Array(byteLength);
  let done = 0;
  while (done < byteLength) {
    const at = byteOffset + done;
    const part = Math.floor(at / weightPartBytes);
    const bytes = await readWeightPart(db, weightsId, part);
    const begin = at - part * weightPartBytes;
    const length = Math.min(byteLength - done, (bytes?.byteLength ?? 0) - begin);
    if (!bytes || length <= 0)
      throw new AppError({ kind: 'storage-failed', reason: `part ${part} of ${weightsId} is missing or too short` });
    result.set(new Uint8Array(bytes, begin, length), done);
    done += length;
  }
  return result.buffer;
}

export async function deleteWeights(db: Database, weightsId: string): Promise<void> {
  await guard(() => db.delete('weightParts', weightPartsOf(weightsId)));
}

/** Whether all parts of a model's weights are stored, in their full length. */
export async function hasWeights(db: Database, weightsId: string, totalBytes: number): Promise<boolean> {
  for (let part = 0; part * weightPartBytes < totalBytes; part++) {
    const expected = Math.min(weightPartBytes, totalBytes - part * weightPartBytes);
    if ((await readWeightPart(db, weightsId, part))?.byteLength !== expected) return false;
  }
  return true;
}

/** Splits a stream of tensors into parts of at most 32 MiB and hashes it. Holds one part in memory at a time. */
export class WeightWriter {
  #part = new Uint8Array(weightPartBytes);
  #filled = 0;
  #parts = 0;
  #bytes = 0;
  readonly #hash = sha256Hasher();

  constructor(
    private readonly db: Database,
    private readonly weightsId: string,
  ) {}

  async write(values: Float32Array | Uint8Array): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    (await this.#hash).update(bytes);
    let from = 0;
    while (from < bytes.length) {
      const length = Math.min(bytes.length - from, weightPartBytes - this.#filled);
      this.#part.set(bytes.subarray(from, from + length), this.#filled);
      this.#filled += length;
      from += length;
      if (this.#filled === weightPartBytes) await this.#flush();
    }
    this.#bytes += bytes.length;
  }

  async finish(): Promise<{ sha256: string; bytes: number }> {
    if (this.#filled > 0) await this.#flush();
    return { sha256: (await this.#hash).hex(), bytes: this.#bytes };
  }

  async #flush(): Promise<void> {
    await writeWeightPart(this.db, this.weightsId, this.#parts, this.#part.slice(0, this.#filled).buffer);
    this.#parts += 1;
    this.#filled = 0;
  }
}

/** Yields all bytes stored under an id, part by part. */
export async function* readWeights(db: Database, weightsId: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let part = 0; ; part++) {
    const bytes = await readWeightPart(db, weightsId, part);
    if (!bytes) return;
    yield new Uint8Array(bytes);
  }
}
