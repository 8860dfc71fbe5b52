/** How often an open page asks the server for a newer version. */
const askEveryMs = 3_600_000;

/** Asks a service worker for its version. */
function versionOf(worker: ServiceWorker): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<string>) => {
      port1.close();
      resolve(data);
    };
    worker.postMessage('version', [port2]);
  });
}

/** A newer version of the app. Its service worker is installed and waits until the user reloads the page. */
class UpdateState {
  ready = $state(false);
  #worker: ServiceWorker | null = null;

  /** Call once, with the registration of the service worker. */
  watch(registration: ServiceWorkerRegistration): void {
    if (registration.waiting) void this.#offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const { installing } = registration;
      installing?.addEventListener('statechange', () => {
        // Without a controller, this is the first version that the browser installs, not an update.
        if (installing.state === 'installed' && navigator.serviceWorker.controller) void this.#offer(installing);
      });
    });
    // Without a network, the page keeps its version.
    const ask = (): void => void registration.update().catch(() => undefined);
    setInterval(ask, askEveryMs);
  }

  async #offer(worker: ServiceWorker): Promise<void> {
    const version = await versionOf(worker);
    // The page is loaded from the network if possible, so it may be newer than its service worker.
    if (version.startsWith(__BUILD__.split('+')[1] ?? ' ')) {
      worker.postMessage('activate');
      return;
    }
    this.#worker = worker;
    this.ready = true;
  }

  /** Lets the new version take over and reloads the page. */
  reload(): void {
    // Another tab may already have let the new version take over.
    if (this.#worker?.state !== 'installed') return location.reload();
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    this.#worker.postMessage('activate');
  }
}

export const update = new UpdateState();
