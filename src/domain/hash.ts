import { createSHA1, createSHA256, sha256, type IHasher } from 'hash-wasm';

/** Returns a typed array's bytes in memory order, which is little-endian on every machine that runs a browser. */
function bytesOf(data: ArrayBufferView | ArrayBuffer): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Returns the SHA-256 as 64 lower-case hex digits. Strings are hashed as UTF-8. */
export function sha256Hex(data: string | ArrayBufferView | ArrayBuffer): Promise<string> {
  return sha256(typeof data === 'string' ? data : bytesOf(data));
}

export interface Hasher {
  update(data: string | ArrayBufferView | ArrayBuffer): Hasher;
  /** Returns the digest. The hasher cannot be used afterwards. */
  hex(): string;
}

function hasherOf(state: IHasher): Hasher {
  state.init();
  const hasher: Hasher = {
    update(data) {
      state.update(typeof data === 'string' ? data : bytesOf(data));
      return hasher;
    },
    hex: () => state.digest('hex'),
  };
  return hasher;
}

/** Creates a SHA-256 hasher for data that arrives in pieces. */
export async function sha256Hasher(): Promise<Hasher> {
  return hasherOf(await createSHA256());
}

/** Returns a synchronous function that hashes a text: SHA-256 as hex digits. */
export async function sha256OfTexts(): Promise<(text: string) => string> {
  const state = await createSHA256();
  return (text) => state.init().update(text).digest('hex');
}

/** Creates a hasher for git's blob hash: SHA-1 of the word `blob`, the size, a zero byte and the content. */
export async function gitBlobHasher(bytes: number): Promise<Hasher> {
  return hasherOf(await createSHA1()).update(`blob ${bytes}\0`);
}

/** Returns the SHA-256 of the concatenated pieces. */
export async function sha256Stream(
  pieces: AsyncIterable<ArrayBufferView | ArrayBuffer | string> | Iterable<ArrayBufferView | ArrayBuffer | string>,
): Promise<string> {
  const hasher = await sha256Hasher();
  for await (const piece of pieces) hasher.update(piece);
  return hasher.hex();
}
