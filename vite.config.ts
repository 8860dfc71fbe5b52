import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig } from 'vite';
import { buildName } from './tools/lib/build.mjs';
import { thirdPartyNotices } from './tools/lib/notices.mjs';
import { offlinePlugin, selfHostedPlugin, selfHostedPackages } from './tools/lib/vitePlugins.mjs';

/** Cross-origin isolation gives the page SharedArrayBuffer, which wasm threads need. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The runtime that `import 'onnxruntime-web/wasm'` finds. */
const onnxRuntime = fileURLToPath(new URL('node_modules/onnxruntime-web/dist/ort.wasm.min.mjs', import.meta.url));

const notices = thirdPartyNotices(selfHostedPackages);

export default defineConfig({
  base: './',
  resolve: {
    // Keeps onnxruntime-web from bundling its wasm file, which the site serves from ort/.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
    // transformers.js would bring a second runtime, with wasm files of its own.
    alias: [{ find: /^onnxruntime-(?:web\/webgpu|common)$/, replacement: onnxRuntime }],
  },
  plugins: [svelte(), selfHostedPlugin(), notices.page, offlinePlugin()],
  define: { __BUILD__: JSON.stringify(buildName()) },
  worker: { format: 'es', plugins: notices.workers },
  build: { target: 'es2022', manifest: true, chunkSizeWarningLimit: 2000 },
  server: { headers: isolation },
  preview: { headers: isolation },
});
