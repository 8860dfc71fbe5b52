import type { FolderFile } from '../protocol/dataApi';

/** Returns the files of a directory input, with paths relative to the chosen folder, and the folder's name. */
export function folderFiles(files: FileList): { files: FolderFile[]; name: string } {
  const all = [...files];
  const name = all[0]?.webkitRelativePath.split('/')[0] ?? '';
  const entries = all.map((file) => {
    const path = file.webkitRelativePath.split('/').slice(1).join('/');
    return { path: path === '' ? file.name : path, file };
  });
  return { files: entries, name: name === '' ? 'model' : name };
}
