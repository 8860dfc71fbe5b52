import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig } from 'vite';
import { buildName } from './tools/lib/build.mjs';
import { offline, selfHosted } from './tools/lib/vitePlugins.mjs';

/** Cross-origin isolation gives the page SharedArrayBuffer, which wasm threads need. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: './',
  // Keeps onnxruntime-web from bundling its wasm file, which the site serves from ort/.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  plugins: [svelte(), selfHosted(), offline()],
  define: { __BUILD__: JSON.stringify(buildName()) },
  worker: { format: 'es' },
  build: { target: 'es2022', manifest: true, chunkSizeWarningLimit: 2000 },
  server: { headers: isolation },
  preview: { headers: isolation },
});
