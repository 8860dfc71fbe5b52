/** Registers the service worker of a built site; a browser that refuses it works all the same, only not offline. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  addEventListener('load', () => {
    navigator.serviceWorker.register(new URL('sw.js', document.baseURI), { scope: './' }).catch((thrown: unknown) => {
      console.warn('This page will not open offline.', thrown);
    });
  });
}
