import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';

const describeDevice = vi.fn(() => Promise.resolve({ backend: 'wasm' }));
vi.mock('../../../src/state/gateway', () => ({ gateway: { gpu: () => Promise.resolve({ describeDevice }) } }));
const { device } = await import('../../../src/state/device.svelte');

it('an effect that asks for the device asks once, and is not run again by its own answer', async () => {
  const leave = $effect.root(() => {
    $effect.pre(() => void device.ask('auto'));
  });
  flushSync();
  expect(device.asking).toBe(true);
  await vi.waitFor(() => expect(device.asking).toBe(false));
  flushSync();
  leave();
  expect(describeDevice).toHaveBeenCalledTimes(1);
});
