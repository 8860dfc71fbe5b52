import type { Dictionary } from '../dictionary';

export const deviceTexts: Dictionary['device'] = {
  webgpu: 'WebGPU',
  wasm: 'CPU（wasm）',
  threads: (n) => `${n} 个线程`,
  noSimd: '无 SIMD',
  reasons: {
    'webgpu-chosen': '在设置里选定',
    'webgpu-available': '有可用的显卡',
    'wasm-chosen': '在设置里选定',
    'no-webgpu': '这个浏览器没有 WebGPU',
    'no-adapter': '没有找到显卡',
    'no-device': '找到了显卡，但打不开',
    'computes-wrongly': '检查时发现显卡算得不对',
    'software-adapter': '显卡是软件模拟的，CPU 更快',
  },
};
