import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobRoutes } from '../../../tools/lib/jobRoutes.mjs';
import { listen, siteServer } from '../../../tools/lib/server.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-job-');

test('files of an export are written as they arrive, and never outside the export folder', async () => {
  const parent = await newFolder();
  const exportFolder = join(parent, 'export.part');
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const { token, route } = jobRoutes({ inputs: [] }, { exportFolder, onFailure });
  const server = siteServer({ site: parent, route });
  const base = `http://127.0.0.1:${await listen(server, 0)}/__job/${token}/export/`;
  const post = async (path: string) => (await fetch(base + path, { method: 'POST', body: new Blob(['abc']) })).status;
  try {
    expect([await post('config.json'), await post('1_Pooling/config.json')]).toEqual([200, 200]);
    expect(await readFile(join(exportFolder, '1_Pooling/config.json'), 'utf8')).toBe('abc');
    expect([await post('..%2foutside'), await post('a%2f..%2f..%2foutside'), await post('')]).toEqual([400, 400, 400]);
    expect(existsSync(join(parent, 'outside'))).toBe(false);
    // The runner reports the reason; the page only learns that its request failed.
    expect(failures).toHaveLength(3);
    await writeFile(join(exportFolder, 'onnx'), '');
    expect(await post('onnx/model.onnx')).toBe(400);
    expect(failures[3]).toMatchObject({ path: join(exportFolder, 'onnx') });
    expect((await fetch(base.replace(token, 'guess') + 'x', { method: 'POST', body: 'x' })).status).toBe(404);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
