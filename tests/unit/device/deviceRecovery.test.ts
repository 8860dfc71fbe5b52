import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeviceInfo } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';

const device = vi.hoisted(() => ({ deviceLost: vi.fn(), openDevice: vi.fn() }));
vi.mock('../../../workers/services/device/openDevice', () => device);
const { DeviceRecovery, deviceLossBehind, isSameDevice, reopenDevice } =
  await import('../../../workers/services/device/deviceRecovery');

const loss = new AppError({ kind: 'gpu-device-lost', reason: 'unknown' } as never);
const unavailable = new AppError({ kind: 'gpu-unavailable' } as never);
const info = (changes: Partial<DeviceInfo> = {}): DeviceInfo =>
  ({ backend: 'webgpu', threads: 1, adapter: { vendor: 'a' }, ...changes }) as DeviceInfo;

beforeEach(() => {
  vi.useFakeTimers();
  device.deviceLost.mockReset().mockReturnValue(new Promise(() => undefined));
  device.openDevice.mockReset();
});
afterEach(() => void vi.useRealTimers());

describe('recovery from device losses', () => {
  it('gives up after the fourth loss in a row', () => {
    const recovery = new DeviceRecovery();
    expect([1, 2, 3, 4].map(() => recovery.mayGoOn())).toEqual([true, true, true, false]);
  });

  it('starts counting again after progress, but not after work that was done before', () => {
    const recovery = new DeviceRecovery();
    recovery.reached('encode', 0);
    for (let i = 0; i < 3; i++) recovery.mayGoOn();
    recovery.reached('encode', 0);
    expect(recovery.mayGoOn()).toBe(false);
    recovery.reached('encode', 1);
    expect([1, 2, 3].map(() => recovery.mayGoOn())).toEqual([true, true, true]);
    recovery.reached('encode', 1);
    expect(recovery.mayGoOn()).toBe(false);
    recovery.reached('search', 0);
    expect(recovery.mayGoOn()).toBe(true);
  });

  it('keeps vectors by texts and weights until they are dropped', () => {
    const recovery = new DeviceRecovery();
    const vectors = recovery.vectors('dev before', 3, 2);
    expect([vectors.count, vectors.width]).toEqual([3, 2]);
    expect(recovery.vectors('dev before', 3, 2)).toBe(vectors);
    expect(recovery.vectors('dev after', 3, 2)).not.toBe(vectors);
    recovery.forgetVectors();
    expect(recovery.vectors('dev before', 3, 2)).not.toBe(vectors);
  });
});

describe('the loss behind a failure', () => {
  it('is the failure itself if it says that the device was lost', async () => {
    expect(await deviceLossBehind(loss)).toBe(loss);
  });

  it('is not looked for behind a failure with a known reason', async () => {
    device.deviceLost.mockResolvedValue(loss);
    expect(await deviceLossBehind(new AppError({ kind: 'cancelled' }))).toBeNull();
  });

  it('is waited for half a second, because a readback may fail first', async () => {
    device.deviceLost.mockReturnValue(new Promise((resolve) => setTimeout(resolve, 499, loss)));
    const found = deviceLossBehind(new Error('readback failed'));
    await vi.advanceTimersByTimeAsync(499);
    expect(await found).toBe(loss);
    device.deviceLost.mockReturnValue(new Promise((resolve) => setTimeout(resolve, 501, loss)));
    const late = deviceLossBehind(new Error('readback failed'));
    await vi.advanceTimersByTimeAsync(500);
    expect(await late).toBeNull();
  });
});

describe('reopening a device', () => {
  it('opens the same backend at once, and keeps the reason why the lost one was chosen', async () => {
    device.openDevice.mockResolvedValue(info({ adapter: { vendor: 'b' } as never }));
    const opening = reopenDevice(info({ reason: 'asked for' as never }), 'base/', loss);
    await vi.advanceTimersByTimeAsync(0);
    expect(await opening).toMatchObject({ adapter: { vendor: 'b' }, reason: 'asked for' });
    expect(device.openDevice.mock.calls).toEqual([['webgpu', 'base/']]);
  });

  it('tries four times within seven and a half seconds, then fails with the loss', async () => {
    device.openDevice.mockRejectedValue(unavailable);
    const opening = reopenDevice(info(), 'base/', loss);
    const failed = expect(opening).rejects.toBe(loss);
    const attempts: number[] = [];
    for (const ms of [0, 499, 1, 1999, 1, 4999, 1]) {
      await vi.advanceTimersByTimeAsync(ms);
      attempts.push(device.openDevice.mock.calls.length);
    }
    expect(attempts).toEqual([1, 1, 2, 2, 3, 3, 4]);
    await failed;
  });

  it('succeeds if a later attempt does', async () => {
    device.openDevice.mockRejectedValueOnce(unavailable).mockResolvedValueOnce(info());
    const opening = reopenDevice(info(), 'base/', loss);
    await vi.advanceTimersByTimeAsync(500);
    expect(await opening).toMatchObject({ backend: 'webgpu' });
  });

  it('stops at any other failure', async () => {
    const failure = new Error('the module is missing');
    device.openDevice.mockRejectedValue(failure);
    const failed = expect(reopenDevice(info(), 'base/', loss)).rejects.toBe(failure);
    await vi.advanceTimersByTimeAsync(0);
    await failed;
  });
});

it.each<[string, Partial<DeviceInfo>, Partial<DeviceInfo>, boolean]>([
  ['the same adapter', {}, {}, true],
  ['another adapter', {}, { adapter: { vendor: 'b' } as never }, false],
  ['another backend', {}, { backend: 'wasm' }, false],
  ['relaxed SIMD in both', { relaxedSimd: true }, { relaxedSimd: true }, true],
  ['relaxed SIMD in one', { relaxedSimd: true }, { relaxedSimd: false }, false],
  ['relaxed SIMD that one does not tell', { relaxedSimd: true }, {}, true],
])('two devices with %s compute the same bits or not', (_case, a, b, same) => {
  expect(isSameDevice(info(a), info(b))).toBe(same);
});
