import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const chromium = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
/** WebGPU without a GPU; the rest keeps Chromium from calling home. */
const chromiumFlags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Suites of the engine that run on both devices; `*.node.test.ts` on wasm in Node alone, `*.gpu.test.ts` on WebGPU alone. */
const engineSuites = 'tests/engine/**/*.test.ts';
const nodeSuites = 'tests/engine/**/*.node.test.ts';
const gpuSuites = 'tests/engine/**/*.gpu.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        // State classes react as on the page; components are drawn to text, since there is no document.
        plugins: [
          svelte({
            configFile: false,
            dynamicCompileOptions: ({ filename }) => ({ generate: filename.endsWith('.svelte') ? 'server' : 'client' }),
          }),
        ],
        test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        test: {
          name: 'engine-wasm',
          globalSetup: 'tests/engine/moduleServer.mjs',
          environment: 'node',
          include: [engineSuites],
          exclude: [gpuSuites],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The browser asks the test server for fixtures and, where it is there, for ../shared.
        define: { 'import.meta.env.PROJECT_ROOT': JSON.stringify(process.cwd()) },
        server: { fs: { allow: ['.', '../shared'] } },
        optimizeDeps: {
          include: [
            '@tensorflow/tfjs',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-backend-wasm',
            '@huggingface/tokenizers',
            'fake-indexeddb/auto',
            'hash-wasm',
            'idb',
            'valibot',
          ],
        },
        test: {
          name: 'engine-webgpu',
          globalSetup: 'tests/engine/moduleServer.mjs',
          include: [engineSuites],
          exclude: [nodeSuites],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromium, args: chromiumFlags } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
