import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Dawn {
  create: (flags: string[]) => GPU;
  globals: object;
}

/** The first flag enables half precision on NVIDIA and subgroup matrices, the second exact timestamps. */
const flags = [
  'enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis',
  'disable-dawn-features=timestamp_quantization',
];

/** Keeps the instance alive, because garbage-collecting it would destroy its devices. */
let instance: GPU | undefined;

/**
 * Gives Node the WebGPU of a browser: Dawn from the file in $DAWN_NODE or, without it, from the package `webgpu`.
 * `backend` names one of Dawn's backends; the default is the platform's own.
 */
export function openDawn(backend?: string): void {
  const path = process.env['DAWN_NODE'];
  const load = createRequire(path === undefined ? join(process.cwd(), 'package.json') : import.meta.url);
  const { create, globals } = load(path ?? 'webgpu') as Dawn;
  Object.assign(globalThis, globals);
  const chosen = backend ?? (process.platform === 'linux' ? 'vulkan' : undefined);
  instance = create([...(chosen === undefined ? [] : [`backend=${chosen}`]), ...flags]);
  const navigator = { gpu: instance, hardwareConcurrency: 8, userAgent: `Node ${process.version}` };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
}
