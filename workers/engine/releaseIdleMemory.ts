import type { Engine } from './engine';

/** Destroys the pool's unused buffers. Call between phases whose arrays have different sizes. */
export function releaseIdleMemory({ commands, pool }: Pick<Engine, 'commands' | 'pool'>): void {
  commands.submit();
  pool.trim(0);
}
