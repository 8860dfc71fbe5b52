/** Content of a file: text, bytes, or bytes that are produced piece by piece. Pieces must not change afterwards. */
export type FileInput = string | Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Collected pieces are moved to the browser's blob storage once their total size reaches this. */
const collectedBytes = 16 * 1024 * 1024;

async function* piecesOf(input: FileInput): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (typeof input === 'string') yield new TextEncoder().encode(input);
  else if (input instanceof Uint8Array) yield input;
  else yield* input;
}

/** Collects a file as a blob, outside of this thread's memory. */
export async function collectFile(input: FileInput): Promise<Blob> {
  const parts: BlobPart[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(input)) {
    waiting.push(piece);
    if ((bytes += piece.length) < collectedBytes) continue;
    parts.push(new Blob(waiting));
    [waiting, bytes] = [[], 0];
  }
  return new Blob([...parts, ...waiting]);
}
