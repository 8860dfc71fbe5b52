import { makeZip } from 'client-zip';
import { collectFile, type FileInput } from './collectFile';

/** The earliest date that a zip can hold. It is fixed, so that the same content always has the same bytes. */
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

/** Writes an archive of stored files. Each file is produced while it is written, and no byte is read twice. */
export async function writeZip(files: Iterable<ZipInput> | AsyncIterable<ZipInput>): Promise<Blob> {
  const zip = await collectFile(chunksOf(makeZip(dated(files))));
  return zip.slice(0, zip.size, 'application/zip');
}
