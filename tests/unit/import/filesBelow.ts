import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the content of every file below a folder, by relative path. */
export function filesBelow(folder: string, prefix = ''): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) Object.assign(files, filesBelow(path, `${prefix}${name}/`));
    else files[`${prefix}${name}`] = readFileSync(path);
  }
  return files;
}
