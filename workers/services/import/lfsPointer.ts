import { modelError } from '../../formats/modelError';

/**
 * First line of a Git LFS pointer, the small text file that Git leaves in place of a large file that was not
 * downloaded.
 */
const lfsPointer = 'version https://git-lfs.github.com/spec/';

/** Throws `lfs-pointer` if the file is a Git LFS pointer instead of the file itself. */
export async function refuseLfsPointer(file: File, name: string): Promise<void> {
  if ((await file.slice(0, lfsPointer.length).text()) === lfsPointer) throw modelError(name, 'lfs-pointer');
}
