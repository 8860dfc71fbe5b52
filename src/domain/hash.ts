import { createSHA256, sha256 } from 'hash-wasm';

/** Bytes of a typed array as they lie in memory (little-endian on every machine that browsers run on). */
function bytesOf(data: ArrayBufferView | ArrayBuffer): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** SHA-256 as 64 lower-case hex digits; a string is hashed as UTF-8. */
export function sha256Hex(data: string | ArrayBufferView | ArrayBuffer): Promise<string> {
  return sha256(typeof data === 'string' ? data : bytesOf(data));
}

export interface Sha256Hasher {
  update(data: string | ArrayBufferView | ArrayBuffer): Sha256Hasher;
  /** The digest of all that was given; the hasher is spent afterwards. */
  hex(): string;
}

/** A hasher that is fed piece by piece. */
export async function sha256Hasher(): Promise<Sha256Hasher> {
  const state = await createSHA256();
  state.init();
  const hasher: Sha256Hasher = {
    update(data) {
      state.update(typeof data === 'string' ? data : bytesOf(data));
      return hasher;
    },
    hex: () => state.digest('hex'),
  };
  return hasher;
}

/** SHA-256 over all pieces one after another, as if they were one. */
export async function sha256Stream(
  pieces: AsyncIterable<ArrayBufferView | ArrayBuffer | string> | Iterable<ArrayBufferView | ArrayBuffer | string>,
): Promise<string> {
  const hasher = await sha256Hasher();
  for await (const piece of pieces) hasher.update(piece);
  return hasher.hex();
}
