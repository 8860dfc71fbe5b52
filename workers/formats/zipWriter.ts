import { makeZip } from 'client-zip';

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

/** The earliest date that a zip can hold: the same content always makes the same bytes. */
const lastModified = new Date(1980, 0, 1);

interface ZipInput {
  name: string;
  input: FileInput;
}

async function* dated(
  files: Iterable<ZipInput> | AsyncIterable<ZipInput>,
): AsyncGenerator<ZipInput & { lastModified: Date }> {
  for await (const file of files) yield { ...file, lastModified };
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value as Uint8Array<ArrayBuffer>;
  }
}

/** Writes an archive of stored files. Each file is made while it is written, and no byte is read a second time. */
export async function writeZip(files: Iterable<ZipInput> | AsyncIterable<ZipInput>): Promise<Blob> {
  const zip = await collectFile(chunksOf(makeZip(dated(files))));
  return zip.slice(0, zip.size, 'application/zip');
}
