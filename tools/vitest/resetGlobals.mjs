import { afterAll, vi } from 'vitest';

// Test files share a thread: see warmPool.mjs. Each one leaves the globals as it found them.
afterAll(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  if (!('indexedDB' in globalThis)) return;
  const { IDBFactory } = await import('fake-indexeddb');
  globalThis.indexedDB = new IDBFactory();
});
