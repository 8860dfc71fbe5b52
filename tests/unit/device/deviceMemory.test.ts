import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeviceInfo } from '../../../src/domain/device';
import { defaultBudgetBytes } from '../../../src/domain/memory/budget';
import { minThreadsBytes, scratchBytes, threadScratchBytes } from '../../../workers/engine/scratch';

vi.mock('../../../workers/services/device/openDevice', () => ({ deviceMaxArrayBytes: () => Promise.resolve(2 ** 20) }));
const { deviceMemoryGiB, deviceMemoryLimits } = await import('../../../workers/services/device/deviceMemory');

const info = (backend: 'webgpu' | 'wasm', threads: number): DeviceInfo => ({ backend, threads }) as DeviceInfo;
beforeEach(() => void vi.stubGlobal('navigator', { userAgent: 'node', deviceMemory: 8 }));

describe('the memory limits of a device', () => {
  it('are the default for the machine’s memory unless a budget is chosen', async () => {
    const limits = (budgetBytes: number | null) =>
      deviceMemoryLimits(info('webgpu', 0), { device: 'webgpu', budgetBytes });
    expect(await limits(null)).toEqual({
      budgetBytes: defaultBudgetBytes('webgpu', 8),
      arrayBytes: 2 ** 20,
      threadBytes: 0,
    });
    expect((await limits(2 ** 30)).budgetBytes).toBe(2 ** 30);
  });

  it('set memory aside for the scratch space of each thread on the CPU', async () => {
    const threadBytes = async (threads: number): Promise<number> =>
      (await deviceMemoryLimits(info('wasm', threads), { device: 'wasm', budgetBytes: null })).threadBytes;
    const many = Math.ceil(minThreadsBytes / threadScratchBytes) + 1;
    expect(await threadBytes(1)).toBe(Math.max(minThreadsBytes, threadScratchBytes) - scratchBytes);
    expect(await threadBytes(many)).toBe(many * threadScratchBytes - scratchBytes);
  });
});

it('the machine’s memory is unknown if the browser does not report a number', () => {
  expect(deviceMemoryGiB()).toBe(8);
  vi.stubGlobal('navigator', { userAgent: 'node' });
  expect(deviceMemoryGiB()).toBeUndefined();
  vi.stubGlobal('navigator', { userAgent: 'node', deviceMemory: '8' });
  expect(deviceMemoryGiB()).toBeUndefined();
});
