import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from './errors.mjs';

/**
 * Creates missing parents one at a time. Node's recursive mkdir never returns in places that refuse folders, such as
 * /proc.
 */
async function makeFolder(path) {
  const info = await stat(path).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
  if (info?.isDirectory()) return;
  if (!info && dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path);
}

/**
 * Creates the folder `path` if it is missing; `option` is the option that names it. Throws if no file can be written
 * there.
 */
export async function writableFolder(path, option) {
  try {
    await makeFolder(path);
    const probe = join(path, `.recallsmith-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const reason = error.code === 'ENOENT' ? 'no folder can be created there' : reasonOf(error);
    throw new Error(`${option} names ${path}, which cannot be written to: ${reason}.`, { cause: error });
  }
}
