import { inBrowser } from './environment';

/** Reads a file of the project, given its path from the root. */
export async function projectFile(path: string): Promise<ArrayBuffer> {
  if (inBrowser) {
    const response = await fetch(`/@fs${import.meta.env.PROJECT_ROOT}/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.arrayBuffer();
  }
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
