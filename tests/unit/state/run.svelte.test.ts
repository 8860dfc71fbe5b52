import { expect, it, vi } from 'vitest';
import type { RunRecord } from '../../../src/domain/run';

/** The status that storage has. A read takes it when it begins, and returns it once `release` is called. */
let status: RunRecord['status'] = 'running';
let release = (): void => undefined;
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    readEvents: () => Promise.resolve([]),
    getRun: () => {
      const read = { status };
      return new Promise((resolve) => (release = () => resolve(read)));
    },
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({ app: {} }));
const { RunState } = await import('../../../src/state/run.svelte');

/** Waits until pending effects have run; Svelte runs them in a microtask. */
const effects = () => new Promise((resolve) => setTimeout(resolve));

it('a run first shown by a screen that has closed still reports whether it is active, without a warning', async () => {
  const warned = vi.spyOn(console, 'warn');
  const seen: boolean[] = [];
  let run = new RunState('unseen');
  const leave = $effect.root(() => {
    run = new RunState('r');
    $effect(() => void seen.push(run.active));
  });
  await effects();
  run.record = { status: 'running' } as RunRecord;
  await effects();
  expect(seen).toEqual([false, true]);
  leave();
  expect(run.active).toBe(true);
  run.record = { status: 'done' } as RunRecord;
  expect(run.active).toBe(false);
  run.record = { status: 'paused' } as RunRecord;
  expect(run.active).toBe(false);
  run.here = true;
  expect(run.active).toBe(true);
  expect(warned).not.toHaveBeenCalled();
});

it('a refresh sees what was stored before it, although an older read is still under way', async () => {
  const run = new RunState('r');
  const first = run.refresh();
  await effects();
  status = 'interrupted';
  const second = run.refresh();
  const third = run.refresh();
  release();
  await first;
  expect(run.record?.status).toBe('running');
  await effects();
  release();
  await Promise.all([second, third]);
  expect(run.record?.status).toBe('interrupted');
  expect(run.version).toBe(2);
});
