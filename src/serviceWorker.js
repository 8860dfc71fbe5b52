/*
 * Built into sw.js with this build's version and files. Makes the page open without a network, and adds the headers that give wasm
 * threads where the host cannot set them.
 */
const cacheName = 'recallsmith-__VERSION__';
const files = __FILES__;

/* A new version waits until no tab of the old one is open: an open page finds all files of its own build. */
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
  // A 304 has no body and may not be built with one.
  const body = [101, 204, 205, 304].includes(response.status) ? null : response.body;
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

const cached = async (request) =>
  (await caches.open(cacheName)).match(request, { ignoreSearch: request.mode === 'navigate' });

/* Names below assets/ carry their content's hash: what is cached is right. Everything else is asked for anew while that is possible. */
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
  // Routes of the local server are never cached.
  if (ours && !url.pathname.includes('/__'))
    event.respondWith(answer(event.request, url.pathname.includes('/assets/')));
});
