import { expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { DeviceHold } from '../../../workers/services/device/deviceHold';

const loss = new AppError({ kind: 'gpu-device-lost', reason: 'destroyed' });

it('the device is free again after a job has lost it', async () => {
  const hold = new DeviceHold();
  await expect(hold.during({ job: 'compare' }, () => Promise.reject(loss))).rejects.toBe(loss);
  expect(await hold.during({ job: 'mine' }, () => Promise.resolve(7))).toBe(7);
});

it('a second job is refused while another uses the device, and the error names that one', async () => {
  const hold = new DeviceHold();
  await hold.during({ job: 'mine' }, async () => {
    await expect(hold.during({ job: 'search' }, () => Promise.resolve())).rejects.toMatchObject({
      details: { kind: 'device-busy', job: 'mine' },
    });
  });
});

it('the sentence on a lost device is true for a run and for any other job', () => {
  const { zh, en } = errorSentences(loss.details);
  expect(zh).toMatch(/接着训练.*操作再做一次/);
  expect(en).toMatch(/resume the run.*start the action again/);
});
