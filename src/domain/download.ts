import { AppError } from './errors';

interface Answer {
  ok: boolean;
  status: number;
}

/**
 * Fetches one of the page's own files and reads the response. Throws `download-failed`: with the status if the server
 * refused, without one if the connection failed before or during the read.
 */
export async function downloaded<R extends Answer, T>(
  url: string,
  ask: () => Promise<R>,
  read: (response: R) => Promise<T>,
): Promise<T> {
  try {
    const response = await ask();
    if (!response.ok) throw new AppError({ kind: 'download-failed', url, status: response.status });
    return await read(response);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError({ kind: 'download-failed', url }, { cause: thrown });
  }
}
