import { afterAll, vi } from 'vitest';

// Test files share threads: see warmPool.mjs. After each file, stubbed globals are restored.
afterAll(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  if (!('indexedDB' in globalThis)) return;
  const { IDBFactory } = await import('fake-indexeddb');
  globalThis.indexedDB = new IDBFactory();
});
