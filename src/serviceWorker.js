/*
 * The build writes this to sw.js with its version and file list. It lets the page open without a network, and adds the
 * headers for cross-origin isolation, which wasm threads need, if the host can't set them.
 */
const version = '__VERSION__';
const files = __FILES__;
/* Other copies of the app may share the origin, so each cache's name contains its copy's address. */
const ownPrefix = `recallsmith ${self.registration.scope} `;
const cacheName = ownPrefix + version;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(cacheName).then((cache) => cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })))),
  );
});

/*
 * Returns the names of this copy's caches. Version 0.1.0 named them without the address; such a cache is ours if it
 * contains this page.
 */
async function ownCaches() {
  const own = [];
  for (const name of await caches.keys()) {
    if (name.startsWith(ownPrefix)) own.push(name);
    else if (/^recallsmith-[0-9a-f]+$/.test(name)) {
      const hasPage = await (await caches.open(name)).match(self.registration.scope);
      if (hasPage) own.push(name);
    }
  }
  return own;
}

/* Another tab may still show an older version and load its files later, so old caches stay while two tabs are open. */
async function deleteOldCaches() {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const open = pages.filter(({ url }) => url.startsWith(self.registration.scope));
  if (open.length > 1) return;
  for (const name of await ownCaches()) if (name !== cacheName) await caches.delete(name);
}

self.addEventListener('activate', (event) => {
  event.waitUntil(deleteOldCaches().then(() => self.clients.claim()));
});

/* A new version waits until no tab uses the old one, or until the user asks for it; see src/state/update.svelte.ts. */
self.addEventListener('message', ({ data, ports }) => {
  if (data === 'version') ports[0]?.postMessage(version);
  if (data === 'activate') self.skipWaiting();
});

function isolated(response) {
  if (response.status === 0 || response.type === 'opaque') return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  // The Response constructor throws if these statuses have a body.
  const body = [101, 204, 205, 304].includes(response.status) ? null : response.body;
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

async function cached(request, names = [cacheName]) {
  for (const name of names) {
    const cache = await caches.open(name);
    const found = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
    if (found) return found;
  }
  return undefined;
}

/*
 * File names in assets/ contain a hash of the content, so a cached copy is always right. Other files are fetched from
 * the network first, and from the cache only if that fails.
 */
async function answer(request, hashed) {
  if (hashed) {
    const kept = (await cached(request)) ?? (await cached(request, await ownCaches()));
    return isolated(kept ?? (await fetch(request)));
  }
  try {
    return isolated(await fetch(request));
  } catch (failure) {
    const kept = await cached(request);
    if (!kept) throw failure;
    return isolated(kept);
  }
}

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const ours =
    event.request.method === 'GET' &&
    url.origin === self.location.origin &&
    url.href.startsWith(self.registration.scope);
  // Routes of the local server (/__…) bypass the service worker.
  if (ours && !url.pathname.includes('/__'))
    event.respondWith(answer(event.request, url.pathname.includes('/assets/')));
});
