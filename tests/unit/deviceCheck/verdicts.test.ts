import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckPrecision, DeviceCheck } from '../../../src/domain/deviceCheck/deviceCheck';
import type { TensorError } from '../../../src/domain/deviceCheck/tensorError';
import type { AppErrorDetails } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import { freshDatabase } from '../storage/support';

const device = vi.hoisted(() => ({ deviceKey: vi.fn(), refuseDevices: vi.fn() }));
vi.mock('../../../workers/services/device/openDevice', () => device);
vi.stubGlobal('navigator', { userAgent: 'browser 1' });
const { applyVerdicts, deviceCheckState, refusalOf, refuseWrongMixed, storeCheck } =
  await import('../../../workers/services/deviceCheck/verdicts');

const exact: TensorError = { tensor: 'loss', error: 1e-6 };
const wrong: TensorError = { tensor: 'w', error: 0.5 };
function check(worst: Partial<Record<CheckPrecision, TensorError>>, changes: Partial<DeviceCheck> = {}): DeviceCheck {
  const results = Object.entries(worst).map(([precision, error]) => ({ precision, errors: [error], stepMs: 1 }));
  const device = { backend: 'webgpu' } as DeviceCheck['device'];
  const about = {
    device,
    browser: 'browser 1',
    kernels: kernelsVersion,
    checkedAt: 1,
    tokens: 1,
    layers: 1,
    peer: null,
  };
  return { ...about, results: results as DeviceCheck['results'], ...changes };
}
const refusal = { kind: 'device-wrong', backend: 'webgpu', precision: 'full', ...wrong };

beforeEach(() => {
  device.deviceKey.mockImplementation((preference: string) => Promise.resolve({ key: preference, backend: 'webgpu' }));
  device.refuseDevices.mockReset();
});

describe('the verdict of a device check', () => {
  it('refuses a device in the precision in which it computed wrong numbers, and names the worst tensor', () => {
    expect(refusalOf(check({ full: wrong, mixed: exact }), 'full')).toEqual(refusal);
    expect(refusalOf(check({ full: wrong, mixed: exact }), 'mixed')).toBeNull();
    expect(refusalOf(check({ full: exact }), 'full')).toBeNull();
    expect(refusalOf(check({ full: exact }), 'mixed')).toBeNull();
  });

  it('applies to all devices that were checked with this browser and these kernels', async () => {
    const db = await freshDatabase();
    await storeCheck(db, 'webgpu', check({ full: wrong }));
    await storeCheck(db, 'wasm', check({ full: exact, mixed: wrong }));
    await storeCheck(db, 'auto', check({ full: wrong }, { browser: 'browser 2' }));
    await applyVerdicts(db);
    const [[refused]] = device.refuseDevices.mock.calls as [[ReadonlyMap<string, AppErrorDetails>]];
    expect([...refused]).toEqual([['webgpu', refusal]]);
    await storeCheck(db, 'webgpu', check({ full: wrong }, { kernels: kernelsVersion - 1 }));
    await applyVerdicts(db);
    expect(device.refuseDevices.mock.lastCall).toEqual([new Map()]);
  });

  it('is known with the check of the device that a preference selects', async () => {
    const db = await freshDatabase();
    const none = { key: 'webgpu', backend: 'webgpu', check: null, current: false };
    expect(await deviceCheckState(db, 'webgpu')).toEqual(none);
    const stored = check({ full: exact });
    await storeCheck(db, 'webgpu', stored);
    expect(await deviceCheckState(db, 'webgpu')).toEqual({ ...none, check: stored, current: true });
    expect(await deviceCheckState(db, 'wasm')).toMatchObject({ key: 'wasm', check: null });
    await storeCheck(db, 'webgpu', check({ full: exact }, { browser: 'browser 0' }));
    expect(await deviceCheckState(db, 'webgpu')).toMatchObject({ current: false, check: { browser: 'browser 0' } });
  });
});

describe('a run in mixed precision', () => {
  const stages = (...precisions: (string | undefined)[]): Experiment =>
    ({ stages: precisions.map((precision) => ({ precision })) }) as never;
  const wrongMixed = { details: { ...refusal, precision: 'mixed' } };

  it('is refused on a device that computes wrong numbers in it, whichever stage needs it', async () => {
    const db = await freshDatabase();
    await storeCheck(db, 'webgpu', check({ full: exact, mixed: wrong }));
    await expect(refuseWrongMixed(db, stages('mixed'), 'webgpu')).rejects.toMatchObject(wrongMixed);
    await expect(refuseWrongMixed(db, stages(undefined, 'mixed'), 'webgpu')).rejects.toMatchObject(wrongMixed);
    await expect(refuseWrongMixed(db, stages(undefined, 'full'), 'webgpu')).resolves.toBeUndefined();
    await expect(refuseWrongMixed(db, stages('mixed'), 'wasm')).resolves.toBeUndefined();
  });

  it('is not refused because of a check with an older browser, or in full precision', async () => {
    const db = await freshDatabase();
    await storeCheck(db, 'webgpu', check({ mixed: wrong }, { browser: 'browser 0' }));
    await expect(refuseWrongMixed(db, stages('mixed'), 'webgpu')).resolves.toBeUndefined();
    await storeCheck(db, 'webgpu', check({ full: wrong, mixed: exact }));
    await expect(refuseWrongMixed(db, stages('mixed'), 'webgpu')).resolves.toBeUndefined();
  });
});
