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
    /** There is an adapter, but it gives no device. */
    | 'no-device'
    /** The adapter computed wrongly when it was checked. */
    | 'computes-wrongly';
  adapter: { vendor: string; architecture: string; description: string } | null;
  /** Number of wasm threads; 0 on WebGPU. */
  threads: number;
  simd: boolean;
  /**
   * Whether wasm uses fused multiply-add, which changes bits. Only on wasm, and missing in runs of earlier versions.
   */
  relaxedSimd?: boolean;
}

/** The jobs that use the GPU worker's device. There is one device per page, so only one job runs at a time. */
export type DeviceJob = 'run' | 'benchmark' | 'check' | 'export' | 'search';
