import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const reasons = {
  EACCES: 'access is denied',
  EEXIST: 'a file of that name exists',
  EISDIR: 'it is a folder, not a file',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is a file, not a folder',
  EPERM: 'the system does not permit it',
  EROFS: 'the disk is read-only',
};

/** Returns, in words, the reason why the system refused a file. */
export function reasonOf(error) {
  return reasons[error.code] ?? error.message;
}

/**
 * Returns any error as one sentence. Of a system error such as "ENOSPC: …, write", keeps only the file and the reason.
 */
export function sentenceOf(error) {
  if (!(error instanceof Error)) return 'The experiment failed.';
  if (error.syscall !== undefined && error.code in reasons)
    return `${error.path ?? 'A file'} cannot be used: ${reasonOf(error)}.`;
  return error.message;
}

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

/** Creates the folder given to `option` if it is missing. Throws if no file can be written there. */
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
