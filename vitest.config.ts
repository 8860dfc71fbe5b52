import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { warmPool } from './tools/vitest/warmPool.mjs';
import { chromiumFlags, findChromium } from './tools/lib/chromium.mjs';

const executablePath = findChromium();

/** Engine suites run on both devices, except `*.node.test.ts` (wasm in Node only) and `*.gpu.test.ts` (WebGPU only). */
const engineSuites = 'tests/engine/**/*.test.ts';
const nodeSuites = 'tests/engine/**/*.node.test.ts';
const gpuSuites = 'tests/engine/**/*.gpu.test.ts';

/**
 * Suites that run in a browser with the bounds checks that WebGPU adds to each access of a kernel, as it does for
 * users: those that use tfjs, whose training step fails without the checks, and a suite of each family of our own
 * kernels. The others run without the checks, which takes a third less processor time.
 */
const boundsChecked = [
  'tests/engine/{deviceCheck,distillationRuns,tfjsLosses}.gpu.test.ts',
  'tests/engine/{batchObserver,lossReplays,losses,tfjsLosses,tinyBertTraining}.test.ts',
  'tests/engine/{kernels,lora,matmul,optimizerKernels,search}.test.ts',
];
const unchecked = '--enable-dawn-features=disable_robustness';

/** WebGPU on the processor: no test depends on the machine's graphics card. */
function softwareWebGpu(...flags: string[]) {
  const args = [...chromiumFlags('software'), ...flags];
  return playwright({ launchOptions: { ...(executablePath && { executablePath }), args } });
}

/** Makes groups of browsers run one after the other. vitest's types lack this option of an instance. */
const inGroup = (groupOrder: number) => ({ sequence: { groupOrder } });

/** Suites that close the shared device, or open devices of their own. */
const closesDevice =
  /(device|recovery|forcedPlans\.gpu|tuning\.gpu|lowestLimits\.gpu|benchmark\.gpu|tfjsLosses\.gpu)\.test\.ts$/;

/** Runs suites that close the device after those that share it. */
class SharedDeviceFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const last = (file: TestSpecification): boolean => closesDevice.test(file.moduleId);
    return [...sorted.filter((file) => !last(file)), ...sorted.filter(last)];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SharedDeviceFirst },
    projects: [
      {
        // State classes are compiled for the client, so they react as on the page. Components are compiled for the
        // server, because there is no DOM.
        plugins: [
          svelte({
            configFile: false,
            dynamicCompileOptions: ({ filename }) => ({ generate: filename.endsWith('.svelte') ? 'server' : 'client' }),
          }),
          warmPool,
        ],
        test: {
          name: 'unit',
          environment: 'node',
          include: ['tests/unit/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          setupFiles: ['tools/vitest/resetGlobals.mjs'],
        },
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
        // The browser loads fixtures from the test server, and reference data from ../shared where that exists.
        define: { 'import.meta.env.PROJECT_ROOT': JSON.stringify(process.cwd()) },
        server: { fs: { allow: ['.', '../shared'] } },
        optimizeDeps: {
          include: [
            '@tensorflow/tfjs',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-backend-cpu',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-webgpu',
            '@huggingface/tokenizers',
            'fake-indexeddb/auto',
            'hash-wasm',
            'idb',
            'valibot',
          ],
        },
        test: {
          name: 'engine-webgpu',
          globalSetup: ['tests/engine/needsChromium.mjs', 'tests/engine/moduleServer.mjs'],
          include: [engineSuites],
          exclude: [nodeSuites],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // Files share a page, and with it the kernels that their device has compiled: see openTestDevice.
          isolate: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: softwareWebGpu(),
            instances: [
              {
                browser: 'chromium',
                name: 'engine-webgpu (bounds checked)',
                include: boundsChecked,
                ...inGroup(1),
              },
              {
                browser: 'chromium',
                name: 'engine-webgpu (unchecked)',
                exclude: [nodeSuites, ...boundsChecked],
                provider: softwareWebGpu(unchecked),
                ...inGroup(2),
              },
            ],
          },
        },
      },
    ],
  },
});
