import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readExperimentFile } from '../../../tools/lib/experimentFile.mjs';

it('serves every file that a location lists, and one file for every slot that names it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'experiment-'));
  for (const name of ['queries.jsonl', 'test.tsv']) await writeFile(join(folder, name), '');
  const locations = { knowledgeBase: 'queries.jsonl', testQuestions: ['queries.jsonl', 'test.tsv'] };
  const path = join(folder, 'experiment.json');
  await writeFile(path, JSON.stringify({ locations }));
  const { inputs } = await readExperimentFile(path);
  expect(inputs).toEqual([
    { slot: 'knowledgeBase', path: 'queries.jsonl', file: join(folder, 'queries.jsonl') },
    { slot: 'testQuestions', path: 'queries.jsonl', file: join(folder, 'queries.jsonl') },
    { slot: 'testQuestions', path: 'test.tsv', file: join(folder, 'test.tsv') },
  ]);
  await writeFile(path, JSON.stringify({ locations: { pairs: ['queries.jsonl', 'gone.tsv'] } }));
  await expect(readExperimentFile(path)).rejects.toThrow(/locations\.pairs names .*gone\.tsv, which does not exist/);
});
