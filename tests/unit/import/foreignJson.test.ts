import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { errorSentence } from '../../../src/ui/i18n/errors';
import { importModel } from '../../../workers/services/import/importModel';
import { freshDatabase } from '../storage/support';
import { folderOf, tinyFolder } from './tinyModel';

async function sentences(files: Parameters<typeof importModel>[0]): Promise<string[]> {
  const db = await freshDatabase();
  const thrown: unknown = await importModel(files, 'x', () => undefined, db).catch((error: unknown) => error);
  expect(await db.count('models')).toBe(0);
  if (!(thrown instanceof AppError)) throw thrown;
  return [errorSentence(thrown.details, 'en'), errorSentence(thrown.details, 'zh')];
}

/** JSON files of a model folder that hold an object. */
const objectFiles = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
];

describe('a JSON file of a model that does not hold an object', () => {
  it.each(objectFiles.flatMap((file) => ['[]', '3', 'null', '"a"', 'true'].map((text) => [file, text] as const)))(
    'is refused by what it holds, not as broken JSON: %s with %s',
    async (file, text) => {
      expect(await sentences(await tinyFolder({ [file]: text }))).toEqual([
        `${file}: it holds ${text} instead of an object; use the model’s own file.`,
        `${file}：内容是${/^[[3"nt]/.test(text) ? ' ' : ''}${text}，应为对象，请换用这个模型原来的文件。`,
      ]);
    },
  );

  it.each(objectFiles)('is refused as broken JSON if it is broken: %s', async (file) => {
    expect((await sentences(await tinyFolder({ [file]: '{' })))[0]).toBe(
      `${file}: it is not valid JSON; download the file again.`,
    );
  });

  it('is refused if it is the list of shards', async () => {
    const files = folderOf({}, { 'model.safetensors.index.json': '[]' });
    expect((await sentences(files))[0]).toContain('it holds [] instead of an object');
  });
});

describe('a modules.json', () => {
  it.each([
    ['{"a":1}', 'it holds {"a":1} instead of a list'],
    ['null', 'it holds null instead of a list'],
    ['[3]', 'it holds 3 instead of an object with type, path'],
    ['[{"path":""}]', 'it holds {"path":""} instead of an object with type, path'],
  ])('that is %s is refused, and the sentence says why', async (text, why) => {
    expect((await sentences(await tinyFolder({ 'modules.json': text })))[0]).toBe(
      `modules.json: ${why}; use the model’s own file.`,
    );
  });
});
