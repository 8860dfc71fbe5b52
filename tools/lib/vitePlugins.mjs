import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildFile } from './build.mjs';
import { root, sourceHash, version } from './source.mjs';
import { wasmModules } from './wasmModules.mjs';

/**
 * Returns [folder in the site, file] for the engine's wasm files and for files that a library would fetch from a CDN.
 */
function selfHostedFiles() {
  const ort = join(root, 'node_modules/onnxruntime-web/dist');
  return [
    ...wasmModules().map(([, path]) => ['engine', path]),
    ...['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.mjs'].map((file) => ['ort', join(ort, file)]),
  ];
}

/**
 * Packages whose code is in the self-hosted files. The engine's wasm contains logarithms and exponentials of
 * AssemblyScript's library.
 */
export const selfHostedPackages = ['assemblyscript', 'onnxruntime-web'];

/** Returns the plugin that adds the self-hosted files to the built site and to the dev server. */
export function selfHostedPlugin() {
  const files = selfHostedFiles();
  return {
    name: 'recallsmith-self-hosted',
    generateBundle() {
      for (const [folder, file] of files)
        this.emitFile({ type: 'asset', fileName: `${folder}/${basename(file)}`, source: readFileSync(file) });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const wanted = files.find(([folder, file]) => request.url?.split('?')[0] === `/${folder}/${basename(file)}`);
        if (!wanted) return next();
        // A cross-origin isolated page loads a worker only with these headers, and onnxruntime-web's threads are such
        // workers.
        for (const [name, value] of Object.entries(server.config.server.headers ?? {})) response.setHeader(name, value);
        response.setHeader('Content-Type', wanted[1].endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
        createReadStream(wanted[1]).pipe(response);
      });
    },
  };
}

/**
 * Returns the plugin that writes the service worker sw.js, which lists the files of this build so that the page opens
 * offline.
 */
export function offlinePlugin() {
  return {
    name: 'recallsmith-offline',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const built = Object.keys(bundle).filter((name) => !name.startsWith('.vite/'));
      const files = [...new Set(['./', ...built, ...filesBelow(join(root, 'public'))])].sort();
      const hash = sourceHash();
      const template = readFileSync(join(root, 'src/serviceWorker.js'), 'utf8');
      const source = template.replace('__VERSION__', hash.slice(0, 16)).replace('__FILES__', JSON.stringify(files));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
      this.emitFile({
        type: 'asset',
        fileName: buildFile,
        source: JSON.stringify({ version: version(), sourceHash: hash }),
      });
    },
  };
}

function filesBelow(folder, prefix = '') {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path, `${prefix}${name}/`) : [`${prefix}${name}`];
  });
}
