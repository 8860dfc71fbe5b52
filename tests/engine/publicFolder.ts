import { existsSync, readFileSync } from 'node:fs';
import { vi } from 'vitest';

/** URL under which `stubPublicFolder` serves public/. */
export const publicBase = 'http://127.0.0.1/app/';

const folder = new URL('../../public/', import.meta.url);
const originalFetch = globalThis.fetch;

/** Stubs fetch so that it reads the files of public/ from disk. All other addresses go to the real fetch. */
export function stubPublicFolder(): void {
  vi.stubGlobal('fetch', (url: string) => {
    if (!url.startsWith(publicBase)) return originalFetch(url);
    const file = new URL(url.slice(publicBase.length), folder);
    return Promise.resolve(existsSync(file) ? new Response(readFileSync(file)) : new Response('', { status: 404 }));
  });
}
