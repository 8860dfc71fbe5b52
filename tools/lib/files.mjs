import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const reasons = {
  EACCES: 'access to it is denied',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a folder, not a file',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'it is not permitted',
  EROFS: 'the disk is read-only',
};

/** Why the system refused a file, in words. */
export function reasonOf(error) {
  return reasons[error.code] ?? error.message;
}

/** Any failure as one sentence: the system's own, such as "ENOSPC: …, write", name the file and the reason. */
export function sentenceOf(error) {
  if (!(error instanceof Error)) return 'The experiment failed.';
  if (error.syscall !== undefined && error.code in reasons)
    return `${error.path ?? 'A file'} cannot be used: ${reasonOf(error)}.`;
  return error.message;
}

/** Folder by folder: in a place that takes no folders (/proc) Node's recursive mkdir never ends. */
async function makeFolder(path) {
  const info = await stat(path).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
  if (info?.isDirectory()) return;
  if (!info && dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path);
}

/** Makes the folder that an option names where it is missing, and proves that files can be written into it. */
export async function writableFolder(path, option) {
  try {
    await makeFolder(path);
    const probe = join(path, `.recallsmith-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const reason = error.code === 'ENOENT' ? 'no folder can be made there' : reasonOf(error);
    throw new Error(`${option} names ${path}, into which nothing can be written: ${reason}.`, { cause: error });
  }
}
