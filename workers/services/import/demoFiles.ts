import { downloaded } from '../../../src/domain/download';
import { AppError, toAppError } from '../../../src/domain/errors';

export interface DemoFetch {
  signal?: AbortSignal;
  /** Called with the number of bytes received, and the size that the server states or 0 if it states none. */
  received?: (bytes: number, of: number) => void;
}

/** Fetches a file from the page's own origin. Throws `download-failed`, or `cancelled` if the signal aborts. */
export async function fetchDemoFile(url: string, name: string, { signal, received }: DemoFetch = {}): Promise<File> {
  const read = async (response: Response): Promise<BlobPart[]> =>
    received && response.body
      ? piecesOf(response.body, Number(response.headers.get('Content-Length') ?? 0), received)
      : [await response.blob()];
  try {
    return new File(await downloaded(url, () => fetch(url, signal ? { signal } : {}), read), name);
  } catch (thrown) {
    throw signal?.aborted ? new AppError({ kind: 'cancelled' }, { cause: thrown }) : toAppError(thrown);
  }
}

async function piecesOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  of: number,
  received: (bytes: number, of: number) => void,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const reader = body.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    pieces.push(value);
    bytes += value.length;
    // For a compressed response, the server states a size smaller than the content.
    received(bytes, bytes > of ? 0 : of);
  }
}
