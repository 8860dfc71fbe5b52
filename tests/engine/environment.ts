import { inject } from 'vitest';

/** Whether the suite runs on WebGPU in a browser rather than on wasm in Node. */
export const inBrowser = typeof document !== 'undefined';

/** URL of the engine's wasm modules. They are built before the tests, and moduleServer.mjs serves them. */
export const wasmBase = inject('wasmBase');

declare module 'vitest' {
  export interface ProvidedContext {
    wasmBase: string;
    /** Number of steps of the reference run to replay (REPLAY_STEPS), or null for the default. */
    replaySteps: number | null;
  }
}

declare global {
  interface ImportMetaEnv {
    readonly PROJECT_ROOT: string;
  }
  interface ImportMeta {
    readonly env: ImportMetaEnv;
  }
}
