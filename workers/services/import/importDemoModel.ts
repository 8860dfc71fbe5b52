import { demoModelFiles, demoModelName } from '../../../src/domain/import/demoInputs';
import type { StoredModel } from '../../../src/domain/model';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { fetchDemoFile, type DemoFetch } from './demoFiles';
import { importModel } from './importModel';

interface DemoModelImport {
  fetching?: DemoFetch;
  /** Called after each file. */
  fetched?: () => void;
  /** Reports bytes of the weights as they are stored. */
  importing?: Progress;
}

/** Imports the demo model that comes with the page, like any other folder. Throws `download-failed` or `cancelled`. */
export async function importDemoModel(
  db: Database,
  baseUrl: string,
  { fetching = {}, fetched, importing = () => undefined }: DemoModelImport = {},
): Promise<StoredModel> {
  const files = [];
  for (const path of demoModelFiles) {
    const name = path.split('/').at(-1) ?? path;
    // Report progress of the weights only, because they are nearly all of the bytes.
    const { received, ...rest } = fetching;
    const options = path === 'model.safetensors' && received ? { ...rest, received } : rest;
    files.push({ path, file: await fetchDemoFile(`${baseUrl}models/demo-zh/${path}`, name, options) });
    fetched?.();
  }
  return importModel(files, demoModelName, importing, db);
}
