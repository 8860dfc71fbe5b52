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
