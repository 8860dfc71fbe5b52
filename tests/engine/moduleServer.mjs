/* Serves the engine's wasm modules to the tests in Node and in the browser, and passes REPLAY_STEPS on to them. */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { wasmModules } from '../../tools/lib/wasmModules.mjs';

export default async function setup(project) {
  const modules = new Map(wasmModules().map(([name, path]) => [`/${name}`, path]));
  const server = createServer((request, response) => {
    const path = modules.get(request.url);
    response.writeHead(path ? 200 : 404, {
      'Content-Type': 'application/wasm',
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    if (path) createReadStream(path).pipe(response);
    else response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('replaySteps', Number(process.env.REPLAY_STEPS) || null);
  project.provide('wasmBase', `http://127.0.0.1:${server.address().port}/`);
  return () => new Promise((resolve) => server.close(resolve));
}
