import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig } from 'vite';
import { buildName } from './tools/lib/build.mjs';
import { thirdPartyNotices } from './tools/lib/notices.mjs';
import { offline, selfHosted, selfHostedPackages } from './tools/lib/vitePlugins.mjs';

/** What gives the page SharedArrayBuffer, and with it wasm threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const notices = thirdPartyNotices(selfHostedPackages);

export default defineConfig({
  base: './',
  // onnxruntime-web without its own copy of the wasm file: it is served from ort/, once.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  plugins: [svelte(), selfHosted(), notices.page, offline()],
  define: { __BUILD__: JSON.stringify(buildName()) },
  worker: { format: 'es', plugins: notices.workers },
  build: { target: 'es2022', manifest: true, chunkSizeWarningLimit: 2000 },
  server: { headers: isolation },
  preview: { headers: isolation },
});
