import { update } from './state/update.svelte';

/** Registers the service worker of a built site. If the browser refuses, the page still works, but only online. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  addEventListener('load', () => {
    navigator.serviceWorker.register(new URL('sw.js', document.baseURI), { scope: './' }).then(
      (registration) => update.watch(registration),
      (thrown: unknown) => console.warn('This page will not open offline.', thrown),
    );
  });
}
