import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { worstError, type CheckProgress } from '../../src/domain/deviceCheck/deviceCheck';
import { defaultExperiment, defaultStage } from '../../src/domain/experiment';
import { openDatabase } from '../../src/storage/database';
import {
  closeDevice,
  deviceWebGpu,
  describeDevice,
  openDevice,
  refuseDevices,
} from '../../workers/services/device/openDevice';
import { checkDevice } from '../../workers/services/deviceCheck/checkDevice';
import { EngineStep } from '../../workers/services/deviceCheck/engineStep';
import {
  applyVerdicts,
  deviceCheckState,
  refuseWrongMixed,
  storeCheck,
} from '../../workers/services/deviceCheck/verdicts';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';

const name = 'encoder.layer.1.output.dense.weight';
let number = 0;
const freshDatabase = () => openDatabase(`device check ${(number += 1)}`);

// Node has no navigator before version 21.
beforeEach(() => void vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 }));
afterEach(() => {
  closeDevice();
  refuseDevices(new Map());
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function check(onProgress: (progress: CheckProgress) => void = () => undefined, control = new RunControl()) {
  return checkDevice('wasm', { control, wasmBaseUrl: wasmBase, browser: 'node', onProgress, size: 'small' });
}

/** Makes the engine compute one wrong gradient. */
function wrongGradient(change: (value: number, i: number) => number): void {
  const original = Reflect.get<EngineStep, 'result'>(EngineStep.prototype, 'result');
  vi.spyOn(EngineStep.prototype, 'result').mockImplementation(async function (this: EngineStep) {
    const { loss, gradients } = await original.call(this);
    return { loss, gradients: new Map([...gradients, [name, Float32Array.from(gradients.get(name) ?? [], change)]]) };
  });
}

describe('the check of the CPU as a device', () => {
  it('finds that loss and gradients agree with double precision, reports progress and closes the device', async () => {
    const reports: CheckProgress[] = [];
    const result = await check((progress) => reports.push(progress));
    expect(result.device.backend).toBe('wasm');
    expect(result).toMatchObject({ browser: 'node', layers: 2, peer: null });
    expect(result.results.map(({ precision }) => precision)).toEqual(['full']);
    expect(result.results[0]?.errors).toHaveLength(38);
    expect(worstError(result, 'full')?.error).toBeLessThan(5e-5);
    expect(result.results[0]?.stepMs).toBeGreaterThan(0);
    const shares = reports.map(({ share }) => share);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(new Set(reports.map(({ phase }) => phase))).toContain('reference');
    await expect(openDevice('wasm', wasmBase)).resolves.toBeDefined();
  });

  it('stops when cancelled', async () => {
    const control = new RunControl();
    const stopping = check(({ phase }) => phase === 'reference' && control.cancel(), control);
    await expect(stopping).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(deviceWebGpu()).toBeNull();
  });
});

describe('a device that computes wrongly', () => {
  it.each([
    ['one wrong number', (value: number, i: number) => (i === 7 ? 0.5 : value), 'a number'],
    ['a number that is not finite', (value: number, i: number) => (i === 7 ? NaN : value), 'no number'],
  ])('with %s is refused with the tensor and its error, until it is checked again', async (_, change, kind) => {
    const db = await freshDatabase();
    wrongGradient(change);
    await storeCheck(db, 'wasm', await check());
    await applyVerdicts(db);
    const error = kind === 'a number' ? (expect.any(Number) as number) : null;
    const details = { kind: 'device-wrong', backend: 'wasm', precision: 'full', tensor: name, error };
    await expect(openDevice('wasm', wasmBase)).rejects.toMatchObject({ details });
    await expect(describeDevice('auto')).rejects.toMatchObject({ details });
    vi.restoreAllMocks();
    await storeCheck(db, 'wasm', await check());
    await applyVerdicts(db);
    await expect(describeDevice('wasm')).resolves.toMatchObject({ backend: 'wasm' });
  });

  it('is refused only as long as browser and kernels are those of the check', async () => {
    const db = await freshDatabase();
    wrongGradient(() => NaN);
    await storeCheck(db, 'wasm', await check());
    expect(await deviceCheckState(db, 'wasm')).toMatchObject({ backend: 'wasm', current: true });
    vi.stubGlobal('navigator', { userAgent: 'node, updated', hardwareConcurrency: 1 });
    await applyVerdicts(db);
    await expect(describeDevice('wasm')).resolves.toMatchObject({ backend: 'wasm' });
    expect(await deviceCheckState(db, 'wasm')).toMatchObject({ current: false });
  });

  it('only in half precision is refused for stages with mixed precision and no others', async () => {
    const db = await freshDatabase();
    const right = await check();
    const wrong = [{ tensor: name, error: 0.3 }];
    await storeCheck(db, 'wasm', {
      ...right,
      results: [...right.results, { precision: 'mixed', errors: wrong, stepMs: 1 }],
    });
    await applyVerdicts(db);
    await expect(describeDevice('wasm')).resolves.toBeDefined();
    const experiment = defaultExperiment();
    await expect(refuseWrongMixed(db, experiment, 'wasm')).resolves.toBeUndefined();
    const mixed = { ...experiment, stages: [{ ...defaultStage(), precision: 'mixed' as const }] };
    await expect(refuseWrongMixed(db, mixed, 'wasm')).rejects.toMatchObject({
      details: { kind: 'device-wrong', precision: 'mixed', tensor: name, error: 0.3 },
    });
  });
});
