export type Progress = (done: number, of: number) => void;

/** Progress of a download: bytes received of all files, including those of earlier attempts. */
export type DownloadProgress = (received: number, of: number, file: string) => void;

/** A file of a folder, with its path relative to the folder. */
export interface FolderFile {
  path: string;
  file: File;
}
