import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

const source = readFileSync(new URL('../../../src/serviceWorker.js', import.meta.url), 'utf8');
const scope = 'http://127.0.0.1/tools/recall/';

interface Extendable {
  waitUntil: (work: Promise<unknown>) => void;
}

/** The Cache Storage of one origin: by cache name, the contents by address. */
class FakeCaches {
  readonly stored = new Map<string, Map<string, string>>();

  keys = () => Promise.resolve([...this.stored.keys()]);
  delete = (name: string) => Promise.resolve(this.stored.delete(name));
  open = (name: string) => {
    const entries = this.stored.get(name) ?? new Map<string, string>();
    this.stored.set(name, entries);
    const urlOf = (request: string | Request) => (typeof request === 'string' ? request : request.url);
    return Promise.resolve({
      addAll: (requests: Request[]) => {
        for (const { url } of requests) entries.set(url, name);
        return Promise.resolve();
      },
      match: (request: string | Request) => {
        const found = entries.get(urlOf(request));
        return Promise.resolve(found === undefined ? undefined : new Response(found));
      },
    });
  };
}

/** Evaluates the service worker of a version, on an origin with these caches. */
function serviceWorker(version: string, caches: FakeCaches, pages = [scope]) {
  const listeners = new Map<string, (event: Extendable & { request?: Request; data?: string }) => void>();
  const self = {
    registration: { scope },
    location: { origin: 'http://127.0.0.1' },
    clients: {
      matchAll: () => Promise.resolve(pages.map((url) => ({ url }))),
      claim: () => Promise.resolve(),
    },
    skipped: false,
    skipWaiting: () => void (self.skipped = true),
    addEventListener: (type: string, listener: never) => void listeners.set(type, listener),
  };
  class ScopedRequest extends Request {
    constructor(path: string, options: RequestInit) {
      super(new URL(path, scope), options);
    }
  }
  const fetched: string[] = [];
  const fetch = (request: Request) => {
    fetched.push(request.url);
    return Promise.resolve(new Response('network'));
  };
  const filled = source.replace('__VERSION__', version).replace('__FILES__', '["./"]');
  runInNewContext(filled, { self, caches, Request: ScopedRequest, Response, Headers, URL, fetch, console });
  const dispatch = async (type: string): Promise<void> => {
    const works: Promise<unknown>[] = [];
    listeners.get(type)?.({ waitUntil: (work) => void works.push(work) });
    await Promise.all(works);
  };
  const answer = async (url: string): Promise<string> => {
    let response: Promise<Response> | undefined;
    const event = { request: new Request(url), respondWith: (given: Promise<Response>) => void (response = given) };
    listeners.get('fetch')?.({ ...event, waitUntil: () => undefined });
    return (await response)?.text() ?? '';
  };
  return { self, dispatch, answer, fetched, message: (data: string) => listeners.get('message')?.({ data } as never) };
}

describe('the service worker', () => {
  it('deletes the old caches of its own copy of the app, and no cache of another copy on the same origin', async () => {
    const caches = new FakeCaches();
    const others = [
      'recallsmith http://127.0.0.1/ bbbb',
      'recallsmith http://127.0.0.1/tools/recall/beta/ bbbb',
      'recallsmith-cccc',
      'someone-else',
    ];
    for (const name of others) await caches.open(name);
    await caches.open(`recallsmith ${scope} aaaa`);
    caches.stored.set('recallsmith-0123456789abcdef', new Map([[scope, 'page of version 0.1.0']]));
    const worker = serviceWorker('dddd', caches);
    await worker.dispatch('install');
    await worker.dispatch('activate');
    expect([...caches.stored.keys()].sort()).toEqual([`recallsmith ${scope} dddd`, ...others].sort());
  });

  it('keeps the files of an older version while a second tab may still need them', async () => {
    const caches = new FakeCaches();
    const old = `${scope}assets/old-1234.js`;
    caches.stored.set(`recallsmith ${scope} aaaa`, new Map([[old, 'kept']]));
    const worker = serviceWorker('dddd', caches, [`${scope}#/a`, `${scope}#/b`, 'http://127.0.0.1/']);
    await worker.dispatch('install');
    await worker.dispatch('activate');
    expect(await worker.answer(old)).toBe('kept');
    expect(worker.fetched).toEqual([]);
    const next = serviceWorker('eeee', caches, [`${scope}#/a`, 'http://127.0.0.1/']);
    await next.dispatch('activate');
    expect(await next.answer(old)).toBe('network');
  });

  it('waits for older tabs until the page asks it to take over', async () => {
    const { self, message, dispatch } = serviceWorker('dddd', new FakeCaches());
    await dispatch('install');
    expect(self.skipped).toBe(false);
    message('activate');
    expect(self.skipped).toBe(true);
  });
});
