import { downloadZip } from 'client-zip';
import { sha256Hex } from '../../../src/domain/hash';
import { readZipDirectory, zipEntryBlob } from '../../../workers/formats/zip';

type Entries = Map<string, Uint8Array<ArrayBuffer>>;

/** Returns the entries of a project file, without its manifest. */
export async function entriesOf(file: File): Promise<Entries> {
  const entries: Entries = new Map();
  for (const entry of await readZipDirectory(file, file.name))
    if (entry.path !== 'manifest.json')
      entries.set(entry.path, new Uint8Array(await (await zipEntryBlob(file, file.name, entry)).arrayBuffer()));
  return entries;
}

/** Returns a project file of these entries, with a manifest that matches them. */
export async function fileOf(entries: Entries, format = 2): Promise<File> {
  const files = [];
  for (const [path, bytes] of entries) files.push({ path, sha256: await sha256Hex(bytes), bytes: bytes.length });
  const manifest = JSON.stringify({ app: 'recallsmith', format, build: 'test', files });
  const inputs = [...entries].map(([name, input]) => ({ name, input }));
  return new File([await downloadZip([...inputs, { name: 'manifest.json', input: manifest }]).blob()], 'p.zip');
}

/** Returns the file with one JSON entry changed and all hashes in the manifest updated to match. */
export async function edited(file: File, path: string, edit: (value: never) => unknown): Promise<File> {
  const entries = await entriesOf(file);
  const value = JSON.parse(new TextDecoder().decode(entries.get(path))) as never;
  entries.set(path, new TextEncoder().encode(JSON.stringify(edit(value))));
  return fileOf(entries);
}
