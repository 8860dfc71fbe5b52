import type { HubFileHash, HubFile } from './hub';
import { isObject } from '../isObject';

/** All files of a model on a hub, before the needed ones are chosen. */
export interface ListedFiles {
  commit: string;
  files: HubFile[];
}

/** Larger sizes are rejected: no browser could store such a file. */
const maxFileBytes = 2 ** 40;

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= maxFileBytes;
}

function hexOf(value: unknown, digits: number): string | null {
  if (typeof value !== 'string') return null;
  const hex = value.toLowerCase();
  return hex.length === digits && /^[0-9a-f]+$/.test(hex) ? hex : null;
}

/** Whether a path is relative and stays inside the model's folder, as do those of all files that the import needs. */
function isInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\p{Cc}]/u.test(part));
}

/** Reads the commit from Hugging Face's answer about a revision, or returns null if it has none. */
export function parseHubCommit(answer: unknown): string | null {
  return isObject(answer) ? hexOf(answer['sha'], 40) : null;
}

function hashOf(entry: Record<string, unknown>): HubFileHash | null {
  const { lfs } = entry;
  if (isObject(lfs)) {
    const hex = hexOf(lfs['oid'], 64);
    return hex === null ? null : { kind: 'sha256', hex };
  }
  const hex = hexOf(entry['oid'], 40);
  return hex === null ? null : { kind: 'gitSha1', hex };
}

/** Reads one page of Hugging Face's list of files. Returns null if an entry violates the protocol. */
export function parseHubTree(answer: unknown, commit: string): HubFile[] | null {
  if (!Array.isArray(answer)) return null;
  const files: HubFile[] = [];
  for (const entry of answer as unknown[]) {
    if (!isObject(entry)) return null;
    if (entry['type'] !== 'file') continue;
    const { path } = entry;
    const bytes = isObject(entry['lfs']) ? entry['lfs']['size'] : entry['size'];
    const hash = hashOf(entry);
    if (typeof path !== 'string' || !isSize(bytes) || !hash) return null;
    if (!isInside(path)) continue;
    files.push({ path, bytes, hash, commit });
  }
  return files;
}

/**
 * Reads ModelScope's list of files, each with the commit that last changed it. The newest of these commits is the
 * model's. Returns null if an entry violates the protocol.
 */
export function parseModelScopeFiles(answer: unknown): ListedFiles | null {
  const data = isObject(answer) ? answer['Data'] : undefined;
  const entries = isObject(data) ? data['Files'] : undefined;
  if (!Array.isArray(entries)) return null;
  const files: HubFile[] = [];
  let newest = { commit: '', at: -Infinity };
  for (const entry of entries as unknown[]) {
    if (!isObject(entry)) return null;
    if (entry['Type'] === 'tree') continue;
    const { Path: path, Size: bytes, CommittedDate: date } = entry;
    const sha256 = hexOf(entry['Sha256'], 64);
    const commit = hexOf(entry['Revision'], 40);
    if (typeof path !== 'string' || !isSize(bytes) || sha256 === null || commit === null) return null;
    if (!isInside(path)) continue;
    files.push({ path, bytes, hash: { kind: 'sha256', hex: sha256 }, commit });
    const at = typeof date === 'number' ? date : 0;
    if (at > newest.at) newest = { commit, at };
  }
  return { commit: newest.commit, files };
}
