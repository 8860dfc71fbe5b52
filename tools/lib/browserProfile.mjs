import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writing } from './errors.mjs';
import { writableFolder } from './files.mjs';
import { listen } from './server.mjs';

/** Opens a profile for one command. It holds training data and weights, so it is removed however the command ends. */
async function temporaryProfile() {
  const path = await mkdtemp(join(tmpdir(), 'recallsmith-'));
  const removeNow = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeNow);
  const close = async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    process.off('exit', removeNow);
  };
  return { path, port: 0, delivered: [], keepPort: async () => undefined, deliver: async () => undefined, close };
}

/** Returns the runs of a profile whose results were written. */
function readDelivered(file) {
  if (!existsSync(file)) return [];
  try {
    const runs = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(runs) && runs.every((run) => typeof run === 'string')) return runs;
  } catch {
    // Report invalid JSON with the sentence for invalid content, below.
  }
  throw new Error(`${file} is damaged; delete it to write the results of this profile's last run again.`);
}

/**
 * Opens a browser profile, by default a temporary one. Browser storage belongs to an address including its port, so a
 * kept profile reuses its port. `delivered` lists the runs whose results were written; `deliver` adds to that list.
 */
export async function openProfile(folder) {
  if (folder === undefined) return temporaryProfile();
  const path = resolve(folder);
  await writableFolder(path, '--profile');
  const [portFile, deliveredFile] = ['recallsmith-port', 'recallsmith-delivered.json'].map((name) => join(path, name));
  const delivered = readDelivered(deliveredFile);
  const replace = (file, text) =>
    writing(file, async () => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    });
  return {
    path,
    port: existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0,
    delivered,
    keepPort: (used) => replace(portFile, String(used)),
    deliver: (runIds) => replace(deliveredFile, JSON.stringify([...delivered, ...runIds])),
    close: async () => undefined,
  };
}

/** Listens on the profile's port, or on a free one that the profile then keeps. Returns the port. */
export async function listenFor(profile, server) {
  try {
    const port = await listen(server, profile.port);
    await profile.keepPort(port);
    return port;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    const sentence = `Port ${profile.port}, which this profile needs, is in use. Is its earlier run still running?`;
    throw new Error(sentence, { cause: error });
  }
}
