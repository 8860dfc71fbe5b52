import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writing } from './errors.mjs';
import { sendFile, sendJson } from './server.mjs';

/** Paths to which files are posted, with the file's own path as a group, by the name of the handlers' folder. */
const folderPaths = { exportFolder: /^export\/(.*)$/s, reportFolder: /^report\/(report\.\w+)$/ };
/** Maximum bytes of a JSON body: a string of Node.js holds at most 2^29 − 24 characters (buffer.constants). */
const maxBodyBytes = 512 * 1024 * 1024;

async function readJson(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error('the request body is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** Writes a file that the page sends into the folder. Throws if its path leads outside the folder. */
async function receiveFile(request, folder, path) {
  const file = normalize(join(folder, path));
  if (!file.startsWith(folder + sep) || path.endsWith('/')) throw new Error('the path is outside the folder');
  await writing(file, async () => {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(request, createWriteStream(file));
  });
}

/**
 * Serves one job to the page and receives its results, under a path with an unguessable token. The job can be fetched
 * only once. Returns { token, route }; pass `route` to `siteServer`.
 *
 * @param job a HeadlessJob of src/headless/jobRoutes.ts, but an input is { slot, path, file }
 * @param handlers { onEvents(events), onProgress(progress), onMetrics(metrics), onFinish(result), exportFolder,
 *   reportFolder, onFailure(error) }; `onFailure` gets the error of a request that failed on this side
 */
export function jobRoutes(job, handlers) {
  const token = randomBytes(24).toString('base64url');
  const base = `/__job/${token}/`;
  let taken = false;
  const inputs = job.inputs.map(({ slot, path }, index) => ({ slot, path, url: `file/${index}` }));

  const giveJob = (response) => {
    if (taken) return sendJson(response, 410, { error: 'this job has already been fetched' });
    taken = true;
    const { inputs: _inputs, ...given } = job;
    return sendJson(response, 200, { ...given, inputs });
  };

  const receive = {
    events: async (request) => handlers.onEvents(await readJson(request)),
    progress: async (request) => handlers.onProgress(await readJson(request)),
    metrics: async (request) => handlers.onMetrics(await readJson(request)),
    finish: async (request) => handlers.onFinish(await readJson(request)),
  };

  const placeOf = (name) => {
    for (const [folder, pattern] of Object.entries(folderPaths)) {
      const path = pattern.exec(name)?.[1];
      if (path !== undefined && handlers[folder]) return { folder: normalize(handlers[folder]), path };
    }
    return null;
  };

  const answer = async (request, response, path) => {
    const name = path.startsWith(base) ? path.slice(base.length) : '';
    const input = /^file\/(\d+)$/.exec(name);
    const place = placeOf(name);
    if (request.method === 'GET' && name === 'job.json') giveJob(response);
    else if (request.method === 'GET' && input && job.inputs[Number(input[1])])
      await sendFile(request, response, job.inputs[Number(input[1])].file, 'no-store');
    else if (request.method === 'POST' && Object.hasOwn(receive, name)) {
      await receive[name](request);
      sendJson(response, 200, { ok: true });
    } else if (request.method === 'POST' && place) {
      await receiveFile(request, place.folder, place.path);
      sendJson(response, 200, { ok: true });
    } else sendJson(response, 404, { error: 'not found' });
  };

  const route = async (request, response, path) => {
    if (!path.startsWith('/__job/')) return false;
    try {
      await answer(request, response, path);
    } catch (error) {
      // The page could only report that its request failed, so the runner reports the reason.
      handlers.onFailure(error);
      throw error;
    }
    return true;
  };
  return { token, route };
}
