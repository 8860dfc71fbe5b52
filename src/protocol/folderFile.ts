export type Progress = (done: number, of: number) => void;

/** A file of a folder, with its path relative to the folder. */
export interface FolderFile {
  path: string;
  file: File;
}
