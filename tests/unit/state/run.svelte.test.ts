import { expect, it, vi } from 'vitest';
import type { RunRecord } from '../../../src/domain/run';

vi.mock('../../../src/state/gateway', () => ({ gateway: {} }));
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
