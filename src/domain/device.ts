export type DevicePreference = 'auto' | 'webgpu' | 'wasm';

export interface DeviceInfo {
  backend: 'webgpu' | 'wasm';
  /** Why this backend was chosen; also a key of the i18n table. */
  reason:
    | 'webgpu-chosen'
    | 'webgpu-available'
    | 'wasm-chosen'
    | 'no-webgpu'
    | 'no-adapter'
    | 'software-adapter'
    /** The browser found an adapter but could not open a device on it. */
    | 'no-device'
    /** The device check found wrong results on the adapter. */
    | 'computes-wrongly';
  adapter: { vendor: string; architecture: string; description: string } | null;
  /** Number of wasm threads; 0 on WebGPU. */
  threads: number;
  simd: boolean;
  /**
   * Whether wasm uses fused multiply-add, which changes the bits of results. Set only on wasm; missing in runs of
   * earlier versions.
   */
  relaxedSimd?: boolean;
}

/** The jobs that use the GPU worker's device. There is one device per page, so only one job runs at a time. */
export type DeviceJob =
  'run' | 'benchmark' | 'check' | 'export' | 'search' | 'mine' | 'blend' | 'compare' | 'speed' | 'map';
