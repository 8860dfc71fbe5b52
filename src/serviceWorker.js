/*
 * The build writes this to sw.js with its version and file list. It lets the page open without a network, and adds the
 * headers for cross-origin isolation, which wasm threads need, if the host can't set them.
 */
const cacheName = 'recallsmith-__VERSION__';
const files = __FILES__;

/* No skipWaiting: a new version waits until no tab uses the old one, so an open page keeps the files of its build. */
self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(cacheName).then((cache) => cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })))),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('recallsmith-') && name !== cacheName)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
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

const cached = async (request) =>
  (await caches.open(cacheName)).match(request, { ignoreSearch: request.mode === 'navigate' });

/*
 * Names below assets/ contain a hash of the content, so a cached copy is always right. Everything else is fetched from
 * the network first, and from the cache only if that fails.
 */
async function answer(request, hashed) {
  if (hashed) return isolated((await cached(request)) ?? (await fetch(request)));
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
