import { describe, expect, it, vi } from 'vitest';
import {
  deviceMaxArrayBytes,
  describeDevice,
  deviceOffersHalf,
  openDevice,
} from '../../workers/services/device/openDevice';
import { useNullBrowser } from './nullDevice';
import { wasmBase } from './environment';

const instance = useNullBrowser({ hardwareConcurrency: 2 });

const planned = async (preference: 'auto' | 'webgpu' | 'wasm') => ({
  backend: (await describeDevice(preference)).backend,
  arrayBytes: await deviceMaxArrayBytes(preference),
  half: await deviceOffersHalf(preference),
});

describe('planning for a device while another is open', () => {
  it('describes the chosen device as if none were open', async () => {
    const [webgpu, wasm] = [await planned('webgpu'), await planned('wasm')];
    expect(webgpu).toMatchObject({ backend: 'webgpu', half: true });
    expect(webgpu.arrayBytes).toBeLessThan(Infinity);
    expect(wasm).toEqual({ backend: 'wasm', arrayBytes: Infinity, half: false });
    for (const opened of ['webgpu', 'wasm'] as const) {
      await openDevice(opened, wasmBase);
      expect(await planned('webgpu')).toEqual(webgpu);
      expect(await planned('wasm')).toEqual(wasm);
      expect((await describeDevice('auto')).reason).toBe('webgpu-available');
    }
  });

  it('describes the open device without requesting an adapter if it was opened with the same preference', async () => {
    await openDevice('webgpu', wasmBase);
    const request = vi.spyOn(instance, 'requestAdapter');
    expect((await describeDevice('webgpu')).reason).toBe('webgpu-chosen');
    expect(request).not.toHaveBeenCalled();
    await describeDevice('auto');
    expect(request).toHaveBeenCalledOnce();
    request.mockRestore();
  });
});
