import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { openDatabase, type Database } from '../../../src/storage/database';
import { putModel } from '../../../src/storage/models';
import { getTokenSet } from '../../../src/storage/tokenSets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { preparedData } from '../../../workers/services/split/preparedData';
import { storedTokenSet } from '../../../workers/services/tokenize/storedTokenSet';
import { tokenize, tokenIdsOf } from '../../../workers/services/tokenize/tokenize';
import { TextTokenizer } from '../../../workers/services/tokenize/textTokenizer';
import { demoFiles, demoModel } from './demoModel';

const model = demoModel(demoFiles('tokenizer.json', 'tokenizer_config.json'));
const modelSha256 = model.contentSha256;

async function store(db: Database, role: 'knowledgeBase' | 'pairs' | 'questions', rows: unknown[]): Promise<string> {
  const source = new File([rows.map((row) => JSON.stringify(row)).join('\n')], `${role}.jsonl`);
  return (await importDataset(db, [source], role, () => undefined)).dataset.contentSha256;
}

let databases = 0;
async function prepared(
  change: Partial<NonNullable<Experiment['model']>> = {},
): Promise<{ db: Database; experiment: Experiment }> {
  const db = await openDatabase(`tokenize-${databases++}`);
  await putModel(db, model);
  const knowledgeBase = await store(
    db,
    'knowledgeBase',
    Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, text: `母猪第${i}天的采食量`.repeat(4) })),
  );
  const pairs = await store(
    db,
    'pairs',
    Array.from({ length: 40 }, (_, i) => ({ anchor: `第${i}问`, positive: `母猪第${i}天的采食量`.repeat(4) })),
  );
  const test = await store(db, 'questions', [
    { query: '吃多少', pid: 'p3' },
    { query: '第7问', pid: 'p7' },
  ]);
  const experiment: Experiment = {
    ...defaultExperiment(),
    data: [
      { role: 'knowledgeBase', contentSha256: knowledgeBase },
      { role: 'pairs', contentSha256: pairs },
      { role: 'questions', part: 'test', contentSha256: test },
    ],
    split: { devFraction: 0.1, devMaximum: 10 },
    model: {
      contentSha256: modelSha256,
      pooling: 'mean',
      normalize: true,
      maxTokens: 16,
      queryPrefix: '问：',
      passagePrefix: '',
      ...change,
    },
  };
  return { db, experiment };
}

describe('tokenizing an experiment', () => {
  it('stores one token set per kind of text, in data order, with the query or passage prefix', async () => {
    const { db, experiment } = await prepared();
    const keys = await tokenize(db, experiment, () => undefined);
    const data = await preparedData(db, experiment);
    expect(data.leaks).toBe(1);
    const texts = {
      anchors: data.pairs.map((pair) => `问：${pair.anchor}`),
      positives: data.pairs.map((pair) => pair.positive),
      knowledgeBase: data.knowledgeBase.map((passage) => passage.text),
      devQuestions: data.dev.map((question) => `问：${question.text}`),
      testQuestions: data.test.map((question) => `问：${question.text}`),
    };
    const tokenizer = new TextTokenizer(model);
    for (const part of ['anchors', 'positives', 'knowledgeBase', 'devQuestions', 'testQuestions'] as const) {
      const set = await getTokenSet(db, keys[part]);
      expect(set?.offsets.length).toBe(texts[part].length + 1);
      texts[part].forEach((text, i) =>
        expect([...set!.ids.subarray(set!.offsets[i], set!.offsets[i + 1])]).toEqual(tokenizer.encode(text, 16).ids),
      );
    }
    expect(texts.devQuestions).toHaveLength(3);
    expect((await getTokenSet(db, keys.knowledgeBase))?.truncated).toBe(texts.knowledgeBase.length);
  });

  it('keeps the first and the last special token of a truncated text', async () => {
    const { db } = await prepared();
    const [whole, cut, empty] = await tokenIdsOf(
      db,
      modelSha256,
      ['母猪'.repeat(20), '母猪'.repeat(20), ''],
      9999,
    ).then(async ([first, , last]) => [first, (await tokenIdsOf(db, modelSha256, ['母猪'.repeat(20)], 5))[0], last]);
    expect(cut).toEqual([...whole!.slice(0, 4), whole!.at(-1)]);
    expect(empty).toEqual([whole!.at(0), whole!.at(-1)]);
  });

  it.each([
    ['none', [], '2 3 4 5'],
    ['one', ['[SEP]'], '2 3 4 SEP'],
    ['two', ['[SEP]', '[MASK]'], '2 3 SEP MASK'],
  ])('keeps all special tokens after a truncated text: %s', (_case, after, expected) => {
    const source: { model: { vocab: Record<string, number> } } = JSON.parse(model.files['tokenizer.json'] ?? '');
    const special = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
    const idsOf = (id: string): number[] => [source.model.vocab[id] ?? -1];
    const processor = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, ...after.map(special)],
      pair: [],
      special_tokens: Object.fromEntries(after.map((id) => [id, { id, ids: idsOf(id), tokens: [id] }])),
    };
    const tokenizerJson = JSON.stringify({ ...source, post_processor: processor });
    const tokenizer = new TextTokenizer({ files: { ...model.files, 'tokenizer.json': tokenizerJson } });
    const names = new Map([2, 3, 4, 5, 6].map((digit) => [idsOf(`${digit}`)[0], `${digit}`]));
    names.set(idsOf('[SEP]')[0], 'SEP').set(idsOf('[MASK]')[0], 'MASK');
    const { ids, truncated } = tokenizer.encode('2，3，4，5，6'.replaceAll('，', ' '), 4);
    expect([ids.map((id) => names.get(id)).join(' '), truncated]).toEqual([expected, true]);
  });

  it('reuses stored token sets and rebuilds only those that a change affects', async () => {
    const { db, experiment } = await prepared();
    const keys = await tokenize(db, experiment, () => undefined);
    const encode = vi.spyOn(TextTokenizer.prototype, 'encode');
    expect(await tokenize(db, { ...experiment, stages: [], seed: experiment.seed }, () => undefined)).toEqual(keys);
    expect(encode).not.toHaveBeenCalled();
    const longer = await tokenize(
      db,
      { ...experiment, model: { ...experiment.model!, maxTokens: 17 } },
      () => undefined,
    );
    for (const part of Object.keys(keys) as (keyof typeof keys)[]) expect(longer[part]).not.toBe(keys[part]);
    const prefixed = await tokenize(
      db,
      { ...experiment, model: { ...experiment.model!, queryPrefix: '' } },
      () => undefined,
    );
    expect([prefixed.knowledgeBase, prefixed.positives]).toEqual([keys.knowledgeBase, keys.positives]);
    expect(prefixed.anchors).not.toBe(keys.anchors);
    encode.mockRestore();
  });

  it('keeps the stored token sets of all texts except those with Han characters beyond the BMP', async () => {
    const { db, experiment } = await prepared();
    const plain = await tokenize(db, experiment, () => undefined);
    const rare = await tokenize(
      db,
      { ...experiment, model: { ...experiment.model!, queryPrefix: 'a𠮷b' } },
      () => undefined,
    );
    // These are the keys from before the tokenizer separated such characters.
    expect(plain.testQuestions).toBe('17d5cfc0bb07fe28d148f2e64d7d048436cf40db699dbfd73d2fb0230afd2003');
    expect(rare.testQuestions).not.toBe('99953684eaf7ce002834718587fb926d715926638475678326afb3ad87416aec');
    expect(rare.knowledgeBase).toBe(plain.knowledgeBase);
  });

  it('lowercases texts and prefixes if sentence_bert_config.json says so, and makes new token sets for them', async () => {
    const source: { normalizer: object } = JSON.parse(model.files['tokenizer.json'] ?? '');
    const cased = { ...source, normalizer: { ...source.normalizer, lowercase: false } };
    const files = { ...model.files, 'tokenizer.json': JSON.stringify(cased) };
    const lowers = { ...files, 'sentence_bert_config.json': '{"do_lower_case":true}' };
    const abc = new TextTokenizer({ files }).encode('abc', 16).ids;
    expect(new TextTokenizer({ files }).encode('ABC', 16).ids).not.toEqual(abc);
    expect(new TextTokenizer({ files: lowers }).encode('ABC', 16).ids).toEqual(abc);

    const { db, experiment } = await prepared();
    const before = await tokenize(db, experiment, () => undefined);
    await putModel(db, { ...model, files: { ...model.files, 'sentence_bert_config.json': '{"do_lower_case":false}' } });
    expect(await tokenize(db, experiment, () => undefined)).toEqual(before);
    await putModel(db, { ...model, files: lowers });
    expect((await tokenize(db, experiment, () => undefined)).testQuestions).not.toBe(before.testQuestions);
  });

  it('refuses a tokenizer whose normalizers are nested too deep', () => {
    let normalizer: unknown = { type: 'NFC' };
    for (let depth = 0; depth < 20; depth++) normalizer = { type: 'Sequence', normalizers: [normalizer] };
    const tokenizerJson = JSON.stringify({ ...JSON.parse(model.files['tokenizer.json'] ?? ''), normalizer });
    expect(() => new TextTokenizer({ files: { ...model.files, 'tokenizer.json': tokenizerJson } })).toThrow(
      expect.objectContaining({
        details: { kind: 'model-invalid', file: 'tokenizer.json', fault: 'tokenizer-invalid' },
      }),
    );
  });

  it('reports progress up to the last text', async () => {
    const { db, experiment } = await prepared();
    const progress = vi.fn();
    await tokenize(db, experiment, progress);
    const [done, of] = progress.mock.lastCall ?? [];
    expect(done).toBe(of);
    const { pairs, knowledgeBase, dev, test } = await preparedData(db, experiment);
    expect(of).toBe(pairs.length * 2 + knowledgeBase.length + dev.length + test.length);
  });

  it('reports a missing model, missing data or an unreadable tokenizer', async () => {
    const details = async (db: Database, experiment: Experiment): Promise<unknown> => {
      const thrown: unknown = await tokenize(db, experiment, () => undefined).catch((error: unknown) => error);
      return thrown instanceof AppError ? thrown.details : thrown;
    };
    const { db, experiment } = await prepared();
    expect(await details(db, { ...experiment, model: null })).toEqual({ kind: 'model-missing' });
    const missing = 'f'.repeat(64);
    expect(await details(db, { ...experiment, model: { ...experiment.model!, contentSha256: missing } })).toEqual({
      kind: 'model-missing',
      contentSha256: missing,
    });
    expect(await details(db, { ...experiment, data: [{ role: 'pairs', contentSha256: missing }] })).toEqual({
      kind: 'data-missing',
      role: 'pairs',
      contentSha256: missing,
    });
    await putModel(db, { ...model, files: { 'tokenizer.json': '{"model": {"type": "Nothing"}}' } });
    expect(await details(db, { ...experiment, model: { ...experiment.model!, maxTokens: 20 } })).toMatchObject({
      kind: 'model-invalid',
      file: 'tokenizer.json',
    });
  });
});

it('a token set that is not stored is reported with its key', async () => {
  const db = await openDatabase(`tokenize-${databases++}`);
  await expect(storedTokenSet(db, 'gone')).rejects.toMatchObject({
    details: { kind: 'not-found', what: 'tokens', id: 'gone' },
  });
});
