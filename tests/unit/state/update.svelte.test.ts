import { beforeEach, describe, expect, it, vi } from 'vitest';

vi.stubGlobal('__BUILD__', '0.1.0+aaaabbbbcccc');
const reload = vi.fn();
vi.stubGlobal('location', { reload });
const container = new (class extends EventTarget {
  controller: object | null = {};
})();
vi.stubGlobal('navigator', { serviceWorker: container });

class FakeWorker extends EventTarget {
  state = 'installed';
  readonly asked: string[] = [];

  constructor(private readonly version: string) {
    super();
  }

  postMessage(message: string, ports: MessagePort[] = []): void {
    this.asked.push(message);
    ports[0]?.postMessage(this.version);
  }
}
class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
  update = vi.fn(() => Promise.reject(new TypeError('offline')));
}

async function watched(registration: FakeRegistration) {
  vi.resetModules();
  const { update } = await import('../../../src/state/update.svelte');
  update.watch(registration as never);
  return update;
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const newer = () => new FakeWorker('ddddeeeeffff0000');

beforeEach(() => {
  reload.mockReset();
  container.controller = {};
});

describe('a new version', () => {
  it('that is installed while the page is open is offered, and takes over and reloads the page on request', async () => {
    const registration = new FakeRegistration();
    const update = await watched(registration);
    registration.installing = Object.assign(newer(), { state: 'installing' });
    registration.dispatchEvent(new Event('updatefound'));
    await settled();
    expect(update.ready).toBe(false);
    registration.installing.state = 'installed';
    registration.installing.dispatchEvent(new Event('statechange'));
    await vi.waitFor(() => expect(update.ready).toBe(true));
    update.reload();
    expect(registration.installing.asked).toEqual(['version', 'activate']);
    expect(reload).not.toHaveBeenCalled();
    container.dispatchEvent(new Event('controllerchange'));
    expect(reload).toHaveBeenCalledOnce();
  });

  it('that already took over in another tab only needs the reload', async () => {
    const registration = Object.assign(new FakeRegistration(), { waiting: newer() });
    const update = await watched(registration);
    await vi.waitFor(() => expect(update.ready).toBe(true));
    registration.waiting.state = 'activated';
    update.reload();
    expect(reload).toHaveBeenCalledOnce();
  });

  it('that the page already has from the network is not offered', async () => {
    const same = new FakeWorker('aaaabbbbcccc1111');
    const update = await watched(Object.assign(new FakeRegistration(), { waiting: same }));
    await vi.waitFor(() => expect(same.asked).toEqual(['version', 'activate']));
    expect(update.ready).toBe(false);
  });

  it('is not the first installation of the app', async () => {
    container.controller = null;
    const registration = Object.assign(new FakeRegistration(), { installing: newer() });
    const update = await watched(registration);
    registration.dispatchEvent(new Event('updatefound'));
    registration.installing.dispatchEvent(new Event('statechange'));
    await settled();
    expect(update.ready).toBe(false);
  });

  it('is looked for every hour, even if the server cannot be reached', async () => {
    vi.useFakeTimers();
    try {
      const registration = new FakeRegistration();
      await watched(registration);
      await vi.advanceTimersByTimeAsync(2 * 3_600_000);
      expect(registration.update).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });
});
