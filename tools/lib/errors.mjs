const reasons = {
  EACCES: 'access is denied',
  EDQUOT: "the user's disk quota is used up",
  EEXIST: 'a file of that name exists',
  EISDIR: 'it is a folder, not a file',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is a file, not a folder',
  EPERM: 'the system does not permit it',
  EROFS: 'the disk is read-only',
};

/** Errors that occur only when writing. */
const writeErrors = new Set(['EDQUOT', 'ENOSPC', 'EROFS']);

/** Returns, in words, the reason why the system refused a file. */
export function reasonOf(error) {
  return reasons[error.code] ?? error.message;
}

/**
 * Returns any error as one sentence. For a system error such as "ENOSPC: …, write", keeps only the file and the reason.
 */
export function sentenceOf(error) {
  if (!(error instanceof Error)) return 'The experiment failed.';
  if (error.syscall !== undefined && error.code in reasons) {
    const verb = writeErrors.has(error.code) ? 'written' : 'used';
    return `${error.path ?? 'A file'} cannot be ${verb}: ${reasonOf(error)}.`;
  }
  return error.message === '' ? 'The experiment failed without a reason.' : error.message;
}

/** Runs `work`, which writes the file `path`. Adds the path to a system error that lacks it, such as a full disk. */
export async function writing(path, work) {
  try {
    return await work();
  } catch (error) {
    if (error.syscall !== undefined) error.path ??= path;
    throw error;
  }
}
