import { AppError, toAppError } from '../../../src/domain/errors';

export interface DemoFetch {
  signal?: AbortSignal;
  /** Called with the bytes received and the size that the server states; 0 if it states none. */
  received?: (bytes: number, of: number) => void;
}

/** Fetches a file of the page's own address. Throws `download-failed`, or `cancelled` if the signal aborts. */
export async function fetchDemoFile(url: string, name: string, { signal, received }: DemoFetch = {}): Promise<File> {
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok) throw new AppError({ kind: 'download-failed', url, status: response.status });
    if (!received || !response.body) return new File([await response.blob()], name);
    return new File(await piecesOf(response.body, Number(response.headers.get('Content-Length') ?? 0), received), name);
  } catch (thrown) {
    if (signal?.aborted) throw new AppError({ kind: 'cancelled' }, { cause: thrown });
    // A request that fails without an answer has no status.
    if (thrown instanceof TypeError) throw new AppError({ kind: 'download-failed', url, status: 0 }, { cause: thrown });
    throw toAppError(thrown);
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
    // A compressed answer is longer than its stated size.
    received(bytes, bytes > of ? 0 : of);
  }
}
