import { AppError } from '../domain/errors';
import { own } from '../domain/errorWords';
import { guard, type Database } from './database';
import type { WeightPart } from './schema';

/** Maximum bytes of a stored part of the weights. Writing and reading hold only one or two parts in memory. */
export const weightPartBytes = 32 * 1024 * 1024;

/** Location of stored weights. */
export interface StoredWeights {
  weightsId: string;
  /** Name of the model that the weights belong to, for error messages. */
  name?: string;
  /**
   * Size and hash of each part. Every part that is read is verified. If absent, parts have 32 MiB and are not verified.
   */
  parts?: readonly WeightPart[];
  /** The checkpoint that the weights belong to, for error messages. */
  checkpoint?: { runId: string; generation: number };
}

/** A range of the stored floats. */
export interface StoredRange {
  offset: number;
  length: number;
}

async function readWeightPart(db: Database, weightsId: string, part: number): Promise<ArrayBuffer | undefined> {
  const bytes = (await db.get('weightParts', [weightsId, part]))?.bytes;
  return bytes instanceof Blob ? bytes.arrayBuffer() : bytes;
}

/** Computes a SHA-256 on one of the browser's own threads, four times as fast as in wasm. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function damaged({ weightsId, name = weightsId, checkpoint }: StoredWeights, part: number): AppError {
  return checkpoint
    ? new AppError({ kind: 'checkpoint-corrupt', ...checkpoint })
    : new AppError({ kind: 'storage-failed', reason: own('part-missing', part, name) });
}

interface Part {
  index: number;
  /** Byte offsets of the part within the weights. */
  begin: number;
  end: number;
}

/** Lists the parts that contain bytes between `begin` and `end`. */
function partsBetween({ parts }: StoredWeights, begin: number, end: number): Part[] {
  const found: Part[] = [];
  for (let index = parts ? 0 : Math.floor(begin / weightPartBytes), at = index * weightPartBytes; at < end; index++) {
    const part = { index, begin: at, end: at + (parts ? (parts[index]?.bytes ?? Infinity) : weightPartBytes) };
    if (part.end > begin) found.push(part);
    at = part.end;
  }
  return found;
}

type LoadedPart = Part & { bytes: ArrayBuffer };

async function loadPart(db: Database, weights: StoredWeights, { index, begin }: Part): Promise<LoadedPart> {
  const listed = weights.parts?.[index];
  const bytes = await guard(() => readWeightPart(db, weights.weightsId, index));
  if (!bytes || (weights.parts && bytes.byteLength !== listed?.bytes)) throw damaged(weights, index);
  if (listed && (await sha256Of(new Uint8Array(bytes))) !== listed.sha256) throw damaged(weights, index);
  return { index, begin, end: begin + bytes.byteLength, bytes };
}

/** Yields stored parts in order. Reads and verifies the next part while the current one is used. */
async function* verifiedParts(
  db: Database,
  weights: StoredWeights,
  wanted: readonly Part[],
): AsyncGenerator<LoadedPart, undefined> {
  let next = wanted[0] && loadPart(db, weights, wanted[0]);
  for (let i = 1; next; i++) {
    const part = await next;
    const following = wanted[i];
    next = following && loadPart(db, weights, following);
    // The error is thrown when the part's turn comes; until then it must not count as unhandled.
    next?.catch(() => undefined);
    yield part;
  }
  return undefined;
}

/** Copies floats out of parts, which it visits in order. */
class PartCursor {
  readonly #parts: AsyncGenerator<LoadedPart, undefined>;
  #part: LoadedPart | undefined;

  constructor(
    db: Database,
    private readonly weights: StoredWeights,
    begin: number,
    end: number,
  ) {
    this.#parts = verifiedParts(db, weights, partsBetween(weights, begin, end));
  }

  /** Returns a view if the range is within one part, else a copy. */
  async floats(range: StoredRange): Promise<Float32Array<ArrayBuffer>> {
    const [begin, end] = [range.offset * 4, (range.offset + range.length) * 4];
    const first = await this.#partAt(begin);
    if (end <= first.end) return new Float32Array(first.bytes, begin - first.begin, range.length);
    const values = new Uint8Array(end - begin);
    for (let at = begin; at < end;) {
      const part = await this.#partAt(at);
      const length = Math.min(end, part.end) - at;
      values.set(new Uint8Array(part.bytes, at - part.begin, length), at - begin);
      at += length;
    }
    return new Float32Array(values.buffer);
  }

  async #partAt(at: number): Promise<LoadedPart> {
    while (!this.#part || this.#part.end <= at) {
      const next: LoadedPart | undefined = (await this.#parts.next()).value;
      if (!next || next.begin > at) throw damaged(this.weights, this.#part?.index ?? 0);
      this.#part = next;
    }
    return this.#part;
  }
}

/**
 * Yields the values of each range in one pass over the parts: each part is read once, and at most two are in memory.
 * The values may share memory with a part. Throws RangeError unless the ranges are in ascending order, `storage-failed`
 * if a part is missing or too short, and `checkpoint-corrupt` if a checkpoint's part does not match its hash.
 */
export async function* readTensors<Range extends StoredRange>(
  db: Database,
  weights: StoredWeights,
  ranges: readonly Range[],
): AsyncGenerator<[Range, Float32Array<ArrayBuffer>]> {
  const [first] = ranges;
  if (!first) return;
  let at = first.offset;
  for (const { offset, length } of ranges) {
    if (offset < at) throw new RangeError('the ranges are not in ascending order');
    at = offset + length;
  }
  const cursor = new PartCursor(db, weights, first.offset * 4, at * 4);
  for (const range of ranges) yield [range, await cursor.floats(range)];
}

/** Yields all bytes stored under an id, part by part. */
export async function* readWeights(db: Database, weightsId: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let part = 0; ; part++) {
    const bytes = await readWeightPart(db, weightsId, part);
    if (!bytes) return;
    yield new Uint8Array(bytes);
  }
}

/** Reads all parts that are listed with a hash. Throws `checkpoint-corrupt` if a part does not match its hash. */
export async function verifyParts(db: Database, weights: StoredWeights): Promise<void> {
  const bytes = (weights.parts ?? []).reduce((sum, part) => sum + part.bytes, 0);
  for await (const _ of verifiedParts(db, weights, partsBetween(weights, 0, bytes)));
}
