import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEvaluationFile, readExperimentFile } from '../../../tools/lib/experimentFile.mjs';

const folder = await mkdtemp(join(tmpdir(), 'experiment-file-'));
afterAll(() => rm(folder, { recursive: true }));

async function inputsOf(pairs: unknown): Promise<unknown> {
  const path = join(folder, 'experiment.json');
  await writeFile(path, JSON.stringify({ locations: { pairs } }));
  const { inputs } = await readExperimentFile(path);
  return inputs;
}

it('the file of a location that says how to read it is served, and every file of a list', async () => {
  for (const name of ['a.csv', 'b.csv']) await writeFile(join(folder, name), '');
  const [a, b] = ['a.csv', 'b.csv'].map((path) => ({ slot: 'pairs', path, file: join(folder, path) }));
  expect(await inputsOf('a.csv')).toEqual([a]);
  expect(await inputsOf({ path: 'a.csv', encoding: 'gb18030' })).toEqual([a]);
  expect(await inputsOf(['a.csv', { path: 'b.csv', columns: { anchor: 'x' } }])).toEqual([a, b]);
  await expect(inputsOf({ file: 'a.csv' })).rejects.toThrow('locations.pairs names no file');
  await expect(inputsOf([7])).rejects.toThrow('locations.pairs names no file');
});

it('every file that a location lists is served, and one file for every slot that names it', async () => {
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

it('the folder of the guide is served in a slot of its own, with its name', async () => {
  await mkdir(join(folder, 'guide'));
  await writeFile(join(folder, 'guide', 'config.json'), '{}');
  const path = join(folder, 'experiment.json');
  await writeFile(path, JSON.stringify({ locations: { guideModel: 'guide' } }));
  const { inputs, guideModelName } = await readExperimentFile(path);
  expect(guideModelName).toBe('guide');
  expect(inputs).toEqual([{ slot: 'guideModel', path: 'config.json', file: join(folder, 'guide', 'config.json') }]);
});

it('the folder of the teacher is served in a slot of its own, with its name', async () => {
  await mkdir(join(folder, 'teacher'));
  await writeFile(join(folder, 'teacher', 'config.json'), '{}');
  const path = join(folder, 'experiment.json');
  await writeFile(path, JSON.stringify({ locations: { teacherModel: 'teacher' } }));
  const { inputs, teacherModelName } = await readExperimentFile(path);
  expect(teacherModelName).toBe('teacher');
  const file = join(folder, 'teacher', 'config.json');
  expect(inputs).toEqual([{ slot: 'teacherModel', path: 'config.json', file }]);
});

it('the folder of the model that mines negatives is served in a slot of its own, with its name', async () => {
  for (const name of ['base', 'strong']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'config.json'), '{}');
  }
  const path = join(folder, 'experiment.json');
  await writeFile(path, JSON.stringify({ locations: { model: 'base', negativesModel: 'strong' } }));
  const { inputs, modelName, negativesModelName } = await readExperimentFile(path);
  expect([modelName, negativesModelName]).toEqual(['base', 'strong']);
  expect(inputs).toEqual([
    { slot: 'model', path: 'config.json', file: join(folder, 'base', 'config.json') },
    { slot: 'negativesModel', path: 'config.json', file: join(folder, 'strong', 'config.json') },
  ]);
  await writeFile(path, JSON.stringify({ locations: { negativesModel: 'gone' } }));
  await expect(readExperimentFile(path)).rejects.toThrow(/locations\.negativesModel names .*gone/);
});

it('a file that is nested 200,000 levels deep is refused with a sentence, as JSON and as broken JSON', async () => {
  const path = join(folder, 'deep.json');
  await writeFile(path, `{"locations": {"model": ${'['.repeat(200_000)}${']'.repeat(200_000)}}}`);
  await expect(readExperimentFile(path)).rejects.toThrow(/deep\.json is nested more than 64 levels deep/);
  await writeFile(path, `{\n"seed": ${'['.repeat(200_000)}`);
  await expect(readExperimentFile(path)).rejects.toThrow(/deep\.json, line 2: not valid JSON/);
});

it('model folders of links, such as those of the hub’s cache, are served like folders of files', async () => {
  for (const name of ['blobs', 'linked', 'linked/onnx']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'blobs', 'a'), '{}');
  const linked = ['config.json', 'model.safetensors', 'onnx/model.onnx', 'onnx/model.onnx_data'];
  for (const name of linked) await symlink(join(folder, 'blobs', 'a'), join(folder, 'linked', name));
  await symlink(join(folder, 'blobs', 'gone'), join(folder, 'linked', 'tokenizer.json'));
  const path = join(folder, 'evaluation.json');
  const served = async (model: object): Promise<string[]> => {
    await writeFile(path, JSON.stringify({ models: [{ location: 'linked', ...model }] }));
    return (await readEvaluationFile(path)).inputs.map((input) => input.path);
  };
  expect(await served({})).toEqual(['config.json', 'model.safetensors']);
  expect(await served({ onnx: 'onnx/model.onnx' })).toEqual(['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data']);
});

it.each(['./onnx/model.onnx', 'onnx/../model.onnx', '../other/model.onnx', '/model.onnx'])(
  'the path %s of a graph is refused, because it is not one inside the folder as its files are named',
  async (onnx) => {
    await mkdir(join(folder, 'graphs'), { recursive: true });
    const path = join(folder, 'evaluation.json');
    await writeFile(path, JSON.stringify({ models: [{ location: 'graphs', onnx }] }));
    await expect(readEvaluationFile(path)).rejects.toThrow(`models.0.onnx is ${onnx}; write the path`);
  },
);
