import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, sourceHash, version } from './build.mjs';
import { wasmModules } from './wasmModules.mjs';

/** wasm files of the engine, and those that a library would fetch from elsewhere: [folder in the site, file]. */
function selfHostedFiles() {
  const ort = join(root, 'node_modules/onnxruntime-web/dist');
  return [
    ...wasmModules().map(([, path]) => ['engine', path]),
    ...['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.mjs'].map((file) => ['ort', join(ort, file)]),
  ];
}

/** Packages with code in those files: the engine's logarithms and exponentials are from AssemblyScript's standard library. */
export const selfHostedPackages = ['assemblyscript', 'onnxruntime-web'];

/** Puts the wasm files into the site, in a build and while developing. */
export function selfHosted() {
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
        response.setHeader('Content-Type', wanted[1].endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
        createReadStream(wanted[1]).pipe(response);
      });
    },
  };
}

/** Says which sources the site was built from: `npm start` builds anew when they changed. */
export const buildFile = 'build.json';

/** Writes sw.js: the service worker's source with the list of all files of this build, so that the page opens offline. */
export function offline() {
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
