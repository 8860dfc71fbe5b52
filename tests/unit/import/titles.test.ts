import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { experimentHash } from '../../../src/domain/experimentHash';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { entryOf, withEntry, withJoinedTitles } from '../../../src/domain/import/slots';
import { encodedText } from '../../../src/domain/records';
import type { DataApi } from '../../../src/protocol/dataApi';
import { openDatabase, type Database } from '../../../src/storage/database';
import { putDataset } from '../../../src/storage/datasets';
import { countTitles } from '../../../workers/services/import/countTitles';
import { importDataset } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';
import { preparedData } from '../../../workers/services/split/preparedData';

let db: Database;
let databases = 0;
const data: Pick<DataApi, 'importDataset'> = {
  importDataset: (files, role, progress) => importDataset(db, files, role, progress),
};
vi.mock('../../../src/state/gateway', () => ({ gateway: { data: () => Promise.resolve(data) } }));
const { InputReader } = await import('../../../src/headless/importInputs');

const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const corpus = new File(
  [json({ _id: 'd1', title: '饲喂', text: '两公斤' }, { _id: 'd2', title: ' ', text: '二十八度' })],
  'corpus.jsonl',
);
const pairs = new File([json({ query: '喂多少', positiveId: 'd1' }, { query: '几度', positiveId: 'd2' })], 'p.jsonl');

async function stored() {
  db = await openDatabase(`titles-${databases++}`);
  const ignore = (): void => undefined;
  const knowledgeBase = (await importDataset(db, [corpus], 'knowledgeBase', ignore)).dataset;
  const passages = await storedPassages(db, knowledgeBase.contentSha256);
  const pairSet = (await importDataset(db, [pairs], 'pairs', ignore, { passages })).dataset;
  let experiment = withEntry(defaultExperiment(), 'knowledgeBase', knowledgeBase.contentSha256);
  experiment = withEntry(experiment, 'pairs', pairSet.contentSha256);
  return { knowledgeBase, experiment: { ...experiment, split: { devFraction: 0, devMaximum: 1 } } };
}

describe('titles of passages', () => {
  it('are joined as BEIR does: title, space, text; a blank title is none', () => {
    expect(encodedText({ id: '1', title: '饲喂', text: '两公斤' }, true)).toBe('饲喂 两公斤');
    expect(encodedText({ id: '1', title: '饲喂', text: '两公斤' }, false)).toBe('两公斤');
    expect(encodedText({ id: '1', title: ' ', text: '两公斤' }, true)).toBe('两公斤');
  });

  it('are encoded with the passages and with the positives of the pairs only if the experiment joins them', async () => {
    const { experiment, knowledgeBase } = await stored();
    expect(knowledgeBase.titles).toBe(1);
    const without = await preparedData(db, experiment);
    expect(without.knowledgeBase.map(({ text }) => text)).toEqual(['两公斤', '二十八度']);
    const joined = await preparedData(db, withJoinedTitles(experiment, true));
    expect(joined.knowledgeBase.map(({ text }) => text)).toEqual(['饲喂 两公斤', '二十八度']);
    expect(joined.pairs.map(({ positive }) => positive)).toEqual(['饲喂 两公斤', '二十八度']);
  });

  it('are counted in a knowledge base that was stored before they were counted', async () => {
    const { knowledgeBase } = await stored();
    const { titles: _, ...before } = knowledgeBase;
    await putDataset(db, before);
    expect(await countTitles(db, knowledgeBase.contentSha256)).toEqual(knowledgeBase);
  });
});

describe('the choice to join titles', () => {
  it('changes the hash of an experiment only if titles are joined', async () => {
    const { experiment } = await stored();
    const off = { ...experiment, data: experiment.data.map((entry) => ({ ...entry, joinTitles: false })) };
    expect(await experimentHash(off as Experiment)).toBe(await experimentHash(experiment));
    expect(await experimentHash(withJoinedTitles(experiment, true))).not.toBe(await experimentHash(experiment));
    expect(withJoinedTitles(withJoinedTitles(experiment, true), false)).toEqual(experiment);
  });

  it('is kept when the same content is imported again, and made again for other content', async () => {
    const { experiment, knowledgeBase } = await stored();
    expect(withEntry(experiment, 'knowledgeBase', knowledgeBase.contentSha256, true)).toEqual(experiment);
    const other = withEntry(experiment, 'knowledgeBase', 'f'.repeat(64), true);
    expect(entryOf(other, 'knowledgeBase')).toEqual({
      role: 'knowledgeBase',
      contentSha256: 'f'.repeat(64),
      joinTitles: true,
    });
  });
});

describe('titles in a headless run', () => {
  function readerOf(entries: object[]) {
    const file = parseExperimentFile({ data: entries, locations: { knowledgeBase: 'corpus.jsonl' } });
    const files = (_job: unknown, slot: string) =>
      Promise.resolve(slot === 'knowledgeBase' ? [{ file: corpus, path: 'corpus.jsonl' }] : []);
    const quiet = (): void => undefined;
    const reports = { import: quiet, download: quiet, note: quiet };
    return new InputReader({ files } as never, {} as never, file, reports);
  }
  const entryFrom = async (entries: object[]) => (await readerOf(entries).data())[0];

  it('are joined unless the file says otherwise or names the content without them', async () => {
    const { contentSha256 } = (await stored()).knowledgeBase;
    const named = { role: 'knowledgeBase', contentSha256 };
    expect(await entryFrom([])).toEqual({ ...named, joinTitles: true });
    expect(await entryFrom([{ role: 'knowledgeBase', joinTitles: false }])).toEqual(named);
    expect(await entryFrom([{ role: 'knowledgeBase', joinTitles: true }])).toEqual({ ...named, joinTitles: true });
    expect(await entryFrom([named])).toEqual(named);
    expect(await entryFrom([{ ...named, joinTitles: true }])).toEqual({ ...named, joinTitles: true });
  });

  it('are counted for the terminal, which says whether they are joined', async () => {
    await stored();
    const reader = readerOf([]);
    await reader.data();
    expect(reader.titles).toBe(1);
  });

  it('are refused in an entry with an unknown field, by its path', () => {
    const file = { data: [{ role: 'knowledgeBase', joinTitle: true }] };
    expect(() => parseExperimentFile(file)).toThrow(/data\.0\.joinTitle/);
  });
});
