import { expect, it, vi } from 'vitest';
import type { RunRecord } from '../../../src/domain/run';

vi.mock('../../../src/state/gateway', () => ({ gateway: {} }));
vi.mock('../../../src/state/app.svelte', () => ({ app: {} }));
const { RunState } = await import('../../../src/state/run.svelte');

/** Effects run in a microtask of their own. */
const effects = () => new Promise((resolve) => setTimeout(resolve));

it('a run that was first shown by a screen which is gone still tells whether it is active, without a warning', async () => {
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
  expect(warned).not.toHaveBeenCalled();
});
