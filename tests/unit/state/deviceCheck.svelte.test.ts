import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckProgress, DeviceCheck, DeviceCheckState } from '../../../src/domain/deviceCheck/deviceCheck';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';

const gpu = {
  deviceCheck: vi.fn<() => Promise<DeviceCheckState>>(),
  checkDevice: vi.fn<(preference: string, report: (progress: CheckProgress) => void) => Promise<DeviceCheck>>(),
  cancelCheck: vi.fn<() => Promise<void>>(),
  describeDevice: vi.fn<() => Promise<object>>(),
};
const choices = new Map<string, string>();
vi.mock('../../../src/state/gateway', () => ({ gateway: { gpu: () => Promise.resolve(gpu) } }));
vi.mock('../../../src/state/localChoices', () => ({
  remembered: (key: string) => choices.get(key) ?? null,
  remember: (key: string, value: string) => choices.set(key, value),
}));

const check = (error: number): DeviceCheck => ({
  device: { backend: 'webgpu', reason: 'webgpu-available', adapter: null, threads: 0, simd: false },
  ...{ browser: 'a browser', kernels: 3, checkedAt: 0, tokens: 77, layers: 2, peer: null },
  results: [{ precision: 'full', stepMs: 1, errors: [{ tensor: 'loss', error }] }],
});
const fresh: DeviceCheckState = { key: 'sha256-of-a-gpu', backend: 'webgpu', check: null, current: false };

const { DeviceChecking } = await import('../../../src/state/deviceCheck.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

beforeEach(() => {
  choices.clear();
  gpu.deviceCheck.mockReset().mockResolvedValue(fresh);
  gpu.checkDevice.mockReset();
  gpu.cancelCheck.mockReset().mockResolvedValue();
  gpu.describeDevice.mockReset().mockResolvedValue({ backend: 'webgpu' });
});

describe('the offer to check a device', () => {
  it('is not repeated for a GPU for which it was declined, even after a reload, but is made for another GPU', async () => {
    const deviceCheck = new DeviceChecking();
    expect(deviceCheck.offered).toBe(false);
    await deviceCheck.ask('auto');
    expect(deviceCheck.offered).toBe(true);
    deviceCheck.decline();
    expect(deviceCheck.offered).toBe(false);
    const later = new DeviceChecking();
    await later.ask('auto');
    expect(later.offered).toBe(false);
    gpu.deviceCheck.mockResolvedValue({ ...fresh, key: 'sha256-of-another' });
    await later.ask('auto');
    expect(later.offered).toBe(true);
  });

  it.each<[string, Partial<DeviceCheckState>, boolean]>([
    ['for the CPU', { backend: 'wasm' }, false],
    ['after a check', { check: check(1e-6), current: true }, false],
    ['after a good check with an older browser', { check: check(1e-6), current: false }, false],
    ['after a check that found wrong numbers', { check: check(0.5), current: true }, false],
    ['after such a check with an older browser', { check: check(0.5), current: false }, true],
  ])('%s: %o', async (_, state, offered) => {
    gpu.deviceCheck.mockResolvedValue({ ...fresh, ...state });
    const deviceCheck = new DeviceChecking();
    await deviceCheck.ask('auto');
    expect(deviceCheck.offered).toBe(offered);
  });
});

describe('the check of a device', () => {
  it('reports progress, keeps the device busy, and then reads result and device again', async () => {
    const deviceCheck = new DeviceChecking();
    gpu.checkDevice.mockImplementation(async (_, report) => {
      report({ phase: 'tfjs', share: 0.6 });
      expect(deviceCheck.progress).toEqual({ phase: 'tfjs', share: 0.6 });
      expect(deviceJob.current).toBe('check');
      gpu.deviceCheck.mockResolvedValue({ ...fresh, check: check(1e-6), current: true });
      return check(1e-6);
    });
    await deviceCheck.run('auto');
    expect(deviceCheck.known?.check).toEqual(check(1e-6));
    expect([deviceCheck.progress, deviceJob.current]).toEqual([null, null]);
    expect(gpu.describeDevice).toHaveBeenCalledWith('auto');
  });

  it('shows a cancel at once and does not treat it as a failure', async () => {
    const deviceCheck = new DeviceChecking();
    let stop = (_reason: AppError): void => undefined;
    gpu.checkDevice.mockReturnValue(new Promise((_, reject) => (stop = reject)));
    const running = deviceCheck.run('auto');
    await vi.waitFor(() => expect(gpu.checkDevice).toHaveBeenCalled());
    const cancelling = deviceCheck.cancel();
    expect(deviceCheck.cancelling).toBe(true);
    await cancelling;
    stop(new AppError({ kind: 'cancelled' }));
    await running;
    expect(deviceCheck).toMatchObject({ cancelling: false, progress: null });
  });

  it.each<[AppErrorDetails, string]>([
    [{ kind: 'gpu-out-of-memory' }, 'memory'],
    [{ kind: 'gpu-device-lost', reason: 'gone' }, 'device'],
    [{ kind: 'worker-crashed', worker: 'gpu', reason: 'gone' }, 'worker'],
  ])('fails with an error of its own instead of a run error: %o', async (details, cause) => {
    const deviceCheck = new DeviceChecking();
    gpu.checkDevice.mockRejectedValue(new AppError(details));
    await expect(deviceCheck.run('auto')).rejects.toMatchObject({ details: { kind: 'check-stopped', cause } });
    expect(deviceCheck.progress).toBeNull();
  });
});
