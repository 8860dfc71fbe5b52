import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';

const describeDevice = vi.fn(() => Promise.resolve({ backend: 'wasm' }));
const reportDevice = vi.fn<() => Promise<object>>();
vi.mock('../../../src/state/gateway', () => ({
  gateway: { gpu: () => Promise.resolve({ describeDevice, reportDevice }) },
}));
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

it('a report on a device that this machine lacks fails with its error, which the next report clears', async () => {
  reportDevice.mockRejectedValueOnce(new AppError({ kind: 'gpu-unavailable', reason: 'x' }));
  await device.askReport('webgpu', null);
  expect([device.report, device.problem]).toEqual([null, { kind: 'gpu-unavailable', reason: 'x' }]);
  const report = { budgetBytes: 1 };
  reportDevice.mockResolvedValueOnce(report);
  await device.askReport('wasm', null);
  expect([device.report, device.problem]).toEqual([report, null]);
});
