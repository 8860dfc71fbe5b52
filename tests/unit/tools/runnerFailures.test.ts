import { describe, expect, it } from 'vitest';
import { chromiumFlags, disabledFeatures, windowFlags } from '../../../tools/lib/chromium.mjs';
import {
  nearlyFull,
  requireDiskSpace,
  reservedBytes,
  storageQuota,
  withFullDisk,
} from '../../../tools/lib/diskSpace.mjs';
import { missingPackages, missingPackagesSentence } from '../../../tools/lib/display.mjs';
import { sentenceOf, writing } from '../../../tools/lib/errors.mjs';
import { pageFailure, screenFor, startOptions } from '../../../tools/lib/headlessBrowser.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-disk-');

const full = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });

describe('a failure of the runner', () => {
  it('on a full disk names the file and says that the disk is full', async () => {
    const failing = writing('/out/export/model.safetensors', () => Promise.reject(full()));
    const sentence = await failing.catch(sentenceOf);
    expect(sentence).toBe('/out/export/model.safetensors cannot be written: the disk is full.');
  });

  it('has a sentence even if the page rejects without a reason', () => {
    for (const nothing of [undefined, new Error(''), Object.assign(new Error('undefined'), { stack: '' })]) {
      if (nothing) nothing.stack = '';
      expect(pageFailure(nothing)).toMatch(/^The page failed without saying why; .+\.$/);
    }
    expect(pageFailure(new Error('no reader'))).toMatch(/^The page failed: Error: no reader/);
    expect(sentenceOf(new Error(''))).toMatch(/\w.*\.$/);
    expect(sentenceOf(undefined)).toMatch(/\w.*\.$/);
  });
});

describe('the disk', () => {
  const free = (bytes: number) => () => Promise.resolve(bytes);

  it('must have room for the files to write and for the reserve', async () => {
    await requireDiskSpace('/out', 50e6, 'the export', free(50e6 + reservedBytes));
    await expect(requireDiskSpace('/out', 50e6, 'the export', free(49e6 + reservedBytes))).rejects.toThrow(
      'The disk of /out has 183 MB free, but needs 50 MB for the export, and 134 MB that stay free; make room there.',
    );
    await expect(requireDiskSpace('/out', 0, 'the browser', free(3e6))).rejects.toThrow(
      'The disk of /out has 3 MB free, but needs 134 MB that stay free for the browser; make room there.',
    );
    await requireDiskSpace(await newFolder(), 1, 'a test');
  });

  it('limits the page to the space that is free beyond the reserve', () => {
    expect(storageQuota(10e6, 500e6 + reservedBytes)).toBe(510e6);
    expect(storageQuota(10e6, reservedBytes - 1)).toBe(10e6);
  });

  it('stops the run if other programs fill it', () => {
    expect(nearlyFull('/p', reservedBytes / 2)).toBeNull();
    expect(nearlyFull('/p', 20e6)).toMatch(/^The disk of \/p has only 20 MB free\. .+ run the same command again\.$/);
  });

  it('is mentioned in the sentence of a failure if it is full', async () => {
    expect(await withFullDisk('Storage failed.', '/p', free(1e9))).toBe('Storage failed.');
    expect(await withFullDisk('Storage failed.', '/p', free(4e6))).toBe(
      'Storage failed. The disk of /p has only 4 MB free, of which 134 MB must stay free.',
    );
  });
});

describe('the packages for a machine with an NVIDIA card and no screen', () => {
  const all = new Set(['libvulkan.so.1', 'libEGL.so.1', 'libGLdispatch.so.0', 'libOpenGL.so.0', 'libGL.so.1']);
  for (const name of ['libGLX.so.0', 'libGLESv2.so.2', 'libX11.so.6', 'libXext.so.6', 'libxcb.so.1']) all.add(name);

  it('are complete if Xvfb and the libraries are installed', () => {
    expect(missingPackages({ program: () => '/usr/bin/Xvfb', known: () => all })).toEqual([]);
    expect(missingPackages({ program: () => '/usr/bin/Xvfb', known: () => null })).toEqual([]);
  });

  it('are listed if some have to be installed', () => {
    const known = new Set([...all].filter((name) => name !== 'libvulkan.so.1'));
    const missing = missingPackages({ program: () => undefined, known: () => known });
    expect(missing).toEqual(['xvfb', 'libvulkan1']);
    expect(missingPackagesSentence(missing)).toContain('"apt-get install xvfb libvulkan1"');
  });
});

describe('the window of the browser', () => {
  /** Returns a machine that may have an NVIDIA card and may lack packages. `lines` collects what the runner prints. */
  const machine = (nvidia: boolean, missing: string[], lines: string[] = []) => ({
    needsWindow: () => nvidia,
    missingPackages: () => missing,
    virtualScreen: async () => ({ display: ':7', close: () => undefined }),
    print: (line: string) => void lines.push(line),
  });

  it('is on a virtual screen if the card is an NVIDIA one, and only for WebGPU on that card', async () => {
    expect(await screenFor('hardware', 'webgpu', machine(true, []))).toMatchObject({ display: ':7' });
    expect(await screenFor('hardware', 'auto', machine(true, []))).toMatchObject({ display: ':7' });
    expect(await screenFor('hardware', 'webgpu', machine(false, ['xvfb']))).toBeNull();
    expect(await screenFor('software', 'webgpu', machine(true, []))).toBeNull();
    expect(await screenFor('none', 'wasm', machine(true, []))).toBeNull();
  });

  it('fails with the missing packages for --device webgpu, and only prints them for auto', async () => {
    const lines: string[] = [];
    const poor = machine(true, ['xvfb', 'libvulkan1'], lines);
    await expect(screenFor('hardware', 'webgpu', poor)).rejects.toThrow('"apt-get install xvfb libvulkan1"');
    expect(lines).toEqual([]);
    expect(await screenFor('hardware', 'auto', poor)).toBeNull();
    expect(lines).toEqual([expect.stringContaining('"apt-get install xvfb libvulkan1"')]);
  });

  it('is shown on that screen and not headless, and the browser stays headless without a screen', () => {
    const flags = chromiumFlags('hardware', true);
    const screen = { display: ':7', close: () => undefined };
    const onScreen = startOptions(screen, { windowFlags, flags }, { HOME: '/h' });
    expect(onScreen).toMatchObject({ headless: false, env: { HOME: '/h', DISPLAY: ':7' } });
    expect(onScreen.args).toEqual(expect.arrayContaining(['--ozone-platform=x11', '--use-angle=vulkan']));
    expect(onScreen.args.join(' ')).not.toContain('headless');
    const headless = startOptions(null, { windowFlags, flags: chromiumFlags('none') }, { HOME: '/h' });
    expect(headless.headless).toBe(true);
    expect(headless.args[0]).toBe('--headless=new');
    expect(headless).not.toHaveProperty('env');
  });
});

describe('the flags of the browser', () => {
  it('enable half precision on an NVIDIA card, and change nothing on other machines', () => {
    const f16 = '--enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis';
    expect(chromiumFlags('hardware', true)).toEqual(expect.arrayContaining([f16, '--enable-unsafe-webgpu']));
    expect(chromiumFlags('hardware', false)).not.toContain(f16);
    for (const webgpu of ['none', 'software'] as const) expect(chromiumFlags(webgpu, true)).not.toContain(f16);
  });

  it('disable the features that contact other hosts together with those of the caller', () => {
    expect(disabledFeatures('StaticStorageQuota')).toMatch(/OptimizationHints.*,StaticStorageQuota$/);
  });
});
