import { expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { errorSentences } from '../../../src/ui/i18n/errors';

const device = vi.hoisted(() => ({ deviceLost: vi.fn(), openDevice: vi.fn() }));
vi.mock('../../../workers/services/device/openDevice', () => device);
const { DeviceHold } = await import('../../../workers/services/device/deviceHold');

const loss = new AppError({ kind: 'gpu-device-lost', reason: 'destroyed' });
const failing = (thrown: unknown): Promise<unknown> =>
  new DeviceHold().during({ job: 'search' }, () => Promise.reject(thrown as Error)).catch((error: unknown) => error);

it('a job that fails at a readback because the device was lost says so', async () => {
  device.deviceLost.mockResolvedValue(loss);
  expect(await failing(new DOMException('mapAsync failed', 'AbortError'))).toBe(loss);
});

it('a job that fails for another reason says that reason, also while another device is lost', async () => {
  device.deviceLost.mockResolvedValue(loss);
  const cancelled = new AppError({ kind: 'cancelled' });
  expect(await failing(cancelled)).toBe(cancelled);
});

it('the device is free again after a job has lost it', async () => {
  device.deviceLost.mockResolvedValue(loss);
  const hold = new DeviceHold();
  await expect(hold.during({ job: 'compare' }, () => Promise.reject(loss))).rejects.toBe(loss);
  expect(await hold.during({ job: 'mine' }, () => Promise.resolve(7))).toBe(7);
});

it('the sentence on a lost device is true for a run and for any other job', () => {
  const { zh, en } = errorSentences(loss.details);
  expect(zh).toMatch(/训练.*检查点.*别的操作/);
  expect(en).toMatch(/run.*checkpoint.*action/);
});
