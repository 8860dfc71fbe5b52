import { count } from './count';

export const deviceTexts = {
  webgpu: 'WebGPU',
  wasm: 'CPU (wasm)',
  threads: (n: number) => count(n, 'thread'),
  noSimd: 'no SIMD',
  reasons: {
    'webgpu-chosen': 'chosen in the settings',
    'webgpu-available': 'a GPU is available',
    'wasm-chosen': 'chosen in the settings',
    'no-webgpu': 'this browser has no WebGPU',
    'no-adapter': 'no GPU was found',
    'no-device': 'a GPU was found, but it could not be opened',
    'computes-wrongly': 'the GPU gave wrong results when it was checked',
    'software-adapter': 'the GPU is emulated in software; the CPU is faster',
  },
};
