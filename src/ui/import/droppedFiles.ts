import { AppError } from '../../domain/errors';
import type { FolderFile } from '../../protocol/dataApi';

/** Maximum depth of folders that are read, and maximum number of files taken from a drop. */
const deepest = 8;
const mostFiles = 500;

const isHidden = (name: string): boolean => name.startsWith('.');

function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    // The reader returns the entries in batches, and an empty batch after the last one.
    const next = (): void =>
      reader.readEntries((entries) => {
        if (entries.length === 0) resolve(found);
        else {
          for (const entry of entries) found.push(entry);
          next();
        }
      }, reject);
    next();
  });
}

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

async function collect(entry: FileSystemEntry, depth: number, files: FolderFile[]): Promise<void> {
  if (isHidden(entry.name)) return;
  if (depth > deepest || files.length >= mostFiles)
    throw new AppError({
      kind: 'import-failed',
      file: entry.name,
      fault: 'folder-too-large',
      field: String(mostFiles),
    });
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    files.push({ path: entry.fullPath.replace(/^\//, ''), file });
  }
  if (isFolder(entry)) for (const child of await childrenOf(entry)) await collect(child, depth + 1, files);
}

/**
 * Returns the files of a drop, including those in folders, without hidden ones. Call it before the first await in the
 * event handler, because the browser then empties the transfer.
 * @throws import-failed folder-too-large.
 */
export async function droppedFiles(transfer: DataTransfer | null): Promise<FolderFile[]> {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files: FolderFile[] = [];
  for (const { entry, file } of entries) {
    if (entry) await collect(entry, 0, files);
    else if (file) files.push({ path: file.name, file });
  }
  return files;
}

/** Returns the files of a file input, with their folders if a folder was chosen. Hidden files are left out. */
export function chosenFiles(files: FileList | null): FolderFile[] {
  return [...(files ?? [])]
    .map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }))
    .filter(({ path }) => !path.split('/').some(isHidden));
}
