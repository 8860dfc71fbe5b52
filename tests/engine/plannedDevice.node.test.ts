import { describe, expect, it, vi } from 'vitest';
import { arrayBytesAllowed, describeDevice, offersHalf, openDevice } from '../../workers/engine/device';
import { useNullBrowser } from './nullDevice';
import { wasmBase } from './support';

const instance = useNullBrowser({ hardwareConcurrency: 2 });

const told = async (preference: 'auto' | 'webgpu' | 'wasm') => ({
  backend: (await describeDevice(preference)).backend,
  arrayBytes: await arrayBytesAllowed(preference),
  half: await offersHalf(preference),
});

describe('a device that is planned for while another is open', () => {
  it('is told as if none were open', async () => {
    const [webgpu, wasm] = [await told('webgpu'), await told('wasm')];
    expect(webgpu).toMatchObject({ backend: 'webgpu', half: true });
    expect(webgpu.arrayBytes).toBeLessThan(Infinity);
    expect(wasm).toEqual({ backend: 'wasm', arrayBytes: Infinity, half: false });
    for (const opened of ['webgpu', 'wasm'] as const) {
      await openDevice(opened, wasmBase);
      expect(await told('webgpu')).toEqual(webgpu);
      expect(await told('wasm')).toEqual(wasm);
      expect((await describeDevice('auto')).reason).toBe('webgpu-available');
    }
  });

  it('is the open one where the same is asked for, and then no adapter is', async () => {
    await openDevice('webgpu', wasmBase);
    const request = vi.spyOn(instance, 'requestAdapter');
    expect((await describeDevice('webgpu')).reason).toBe('webgpu-chosen');
    expect(request).not.toHaveBeenCalled();
    await describeDevice('auto');
    expect(request).toHaveBeenCalledOnce();
    request.mockRestore();
  });
});
