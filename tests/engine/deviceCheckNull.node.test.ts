import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wrongTensor } from '../../src/domain/deviceCheck/deviceCheck';
import { openDatabase } from '../../src/storage/database';
import { deviceEngine, describeDevice, openDevice, refuseDevices } from '../../workers/services/device/openDevice';
import type * as TfjsModule from '../../workers/reference/tfjs/openTfjsStep';
import { checkDevice } from '../../workers/services/deviceCheck/checkDevice';
import { applyVerdicts, deviceCheckState, storeCheck } from '../../workers/services/deviceCheck/verdicts';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { useNullBrowser } from './nullDevice';

/** If `failure` is set, stock tfjs fails for this reason. */
const tfjs = vi.hoisted(() => ({ failure: '' }));
vi.mock('../../workers/reference/tfjs/openTfjsStep', async (original) => {
  const real = await original<typeof TfjsModule>();
  return {
    openTfjsStep: (step: Parameters<typeof real.openTfjsStep>[0]) =>
      tfjs.failure ? Promise.reject(new Error(tfjs.failure)) : real.openTfjsStep(step),
  };
});

const gpu = useNullBrowser({ userAgent: 'node', hardwareConcurrency: 1 });
afterEach(() => {
  refuseDevices(new Map());
  tfjs.failure = '';
});

const check = () =>
  checkDevice('webgpu', {
    control: new RunControl(),
    wasmBaseUrl: wasmBase,
    browser: 'node',
    onProgress: () => undefined,
    size: 'small',
  });

describe('an adapter that computes nothing', () => {
  it('is found to compute wrongly, and so is stock tfjs on it, without a device error', async () => {
    const result = await check();
    expect(result.device).toMatchObject({ backend: 'webgpu', reason: 'webgpu-chosen' });
    expect(wrongTensor(result, 'full')).not.toBeNull();
    expect(result.peer).toMatchObject({ worst: { tensor: expect.any(String) as string } });
  });

  it('is refused afterwards: a preference for WebGPU throws the reason, and the automatic choice falls back to the CPU and says why', async () => {
    const db = await openDatabase('computes nothing');
    expect(await deviceCheckState(db, 'auto')).toMatchObject({ backend: 'webgpu', check: null });
    await storeCheck(db, 'webgpu', await check());
    await applyVerdicts(db);
    const details = { kind: 'device-wrong', backend: 'webgpu', precision: 'full' };
    await expect(openDevice('webgpu', wasmBase)).rejects.toMatchObject({ details });
    await expect(describeDevice('webgpu')).rejects.toMatchObject({ details });
    const onCpu = { backend: 'wasm', reason: 'computes-wrongly', adapter: null };
    expect(await describeDevice('auto')).toMatchObject(onCpu);
    expect(await openDevice('auto', wasmBase)).toMatchObject(onCpu);
    expect(deviceEngine().traits.wasm).toBe(true);
    // The check itself can still use the adapter, so that a repaired driver can be accepted again.
    expect(await deviceCheckState(db, 'auto')).toMatchObject({ backend: 'webgpu', current: true });
    expect((await check()).device.backend).toBe('webgpu');
  });

  it('with half precision is judged in mixed precision too', async () => {
    const adapter = await gpu.requestAdapter();
    const result = await check();
    expect(result.results.map(({ precision }) => precision)).toEqual(
      adapter?.features.has('shader-f16') ? ['full', 'mixed'] : ['full'],
    );
    expect(adapter?.features.has('shader-f16')).toBe(true);
  });

  it('is judged against double precision even if stock tfjs fails, and the reason is kept', async () => {
    tfjs.failure = 'shader module is invalid';
    const result = await check();
    expect(result.peer).toEqual({ failed: 'shader module is invalid' });
    expect(wrongTensor(result, 'full')).not.toBeNull();
  });
});
