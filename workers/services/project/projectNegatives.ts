import { own } from '../../../src/domain/errorWords';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256Hex } from '../../../src/domain/hash';
import { minedSchema } from '../../../src/domain/project/contentSchemas';
import { listPaths, minedPath } from '../../../src/domain/project/manifest';
import type { Output } from '../../../src/domain/project/validate';
import { highestRank } from '../../../src/domain/train/negativesSchema';
import type { Database } from '../../../src/storage/database';
import { getMinedRecord, putMinedRecord } from '../../../src/storage/minedNegatives';
import type { StoredMinedNegatives } from '../../../src/storage/schema';
import { minedKeysOf } from '../negatives/minedKey';
import { preparedData } from '../split/preparedData';
import type { ProjectReader } from './projectReader';

/** Mined negatives in a project file, without their arrays. */
export type SavedMined = Output<typeof minedSchema>;

/** The arrays of mined negatives, in the order in which their bytes are hashed and saved. */
const arrayNames = ['chosen', 'positives', 'negatives', 'ranks', 'random'] as const;

function byteLengths({ perAnchor, pairs, random }: SavedMined): Record<(typeof arrayNames)[number], number> {
  const all = perAnchor * pairs;
  return { chosen: 4 * all, positives: 4 * pairs, negatives: 4 * all, ranks: 2 * all, random: 4 * random };
}

/** Returns the stored negatives that experiments use. Leaves out damaged ones, which have to be mined again. */
export async function minedOf(db: Database, experiments: readonly Experiment[]): Promise<StoredMinedNegatives[]> {
  const keys = new Set<string>();
  for (const experiment of experiments) for (const key of await minedKeysOf(db, experiment)) keys.add(key);
  const found: StoredMinedNegatives[] = [];
  for (const key of keys) {
    const record = await getMinedRecord(db, key);
    if (record) found.push(record);
  }
  return found;
}

/** Returns the record and the bytes of mined negatives in the form of a project file. */
export function savedMined(stored: StoredMinedNegatives): { record: SavedMined; bytes: Uint8Array<ArrayBuffer> } {
  const { chosen: _, positives, negatives: __, ranks: ___, random, ...counts } = stored;
  const arrays = arrayNames.map((name) => new Uint8Array(stored[name]));
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return { record: { ...counts, pairs: positives.byteLength / 4, random: random.byteLength / 4 }, bytes };
}

/**
 * Reads the mined negatives of a project file; files of earlier versions have none.
 * @throws project-invalid if a record or its bytes are broken.
 */
export async function readMined(reader: ProjectReader): Promise<StoredMinedNegatives[]> {
  if (!reader.has(listPaths.minedNegatives)) return [];
  const records = await reader.records('minedNegatives', minedSchema);
  if (new Set(records.map(({ key }) => key)).size < records.length)
    throw reader.invalid(listPaths.minedNegatives, own('same-key'));
  const read: StoredMinedNegatives[] = [];
  for (const record of records) read.push(await readArrays(reader, record));
  return read;
}

async function readArrays(reader: ProjectReader, record: SavedMined): Promise<StoredMinedNegatives> {
  const { pairs: _, random: __, ...counts } = record;
  const path = minedPath(record.key);
  const bytes = await reader.read(path);
  const lengths = byteLengths(record);
  const expected = arrayNames.reduce((sum, name) => sum + lengths[name], 0);
  if (bytes.length !== expected || (await sha256Hex(bytes)) !== record.sha256)
    throw reader.invalid(path, own('hash-differs'));
  let at = 0;
  const next = (name: (typeof arrayNames)[number]): ArrayBuffer => {
    const begin = at;
    at += lengths[name];
    return bytes.slice(begin, at).buffer;
  };
  // Read them in the order in which their bytes are stored.
  const [chosen, positives, negatives] = [next('chosen'), next('positives'), next('negatives')];
  return { ...counts, chosen, positives, negatives, ranks: next('ranks'), random: next('random') };
}

/**
 * Stores the file's mined negatives that one of the opened experiments uses. Call it once the experiments and their
 * data are stored. Returns how many were left out, because no opened experiment has their data and settings, or because
 * they name passages that its knowledge base lacks.
 */
export async function storeMined(
  db: Database,
  mined: readonly StoredMinedNegatives[],
  experiments: readonly Experiment[],
): Promise<number> {
  if (mined.length === 0) return 0;
  const sizes = new Map<string, { pairs: number; passages: number; perAnchor: number }>();
  for (const experiment of experiments) {
    const keys = await minedKeysOf(db, experiment);
    if (keys.length === 0) continue;
    const { pairs, knowledgeBase } = await preparedData(db, experiment);
    const mined = experiment.stages.flatMap(({ negatives }) => (negatives?.from === 'mined' ? [negatives] : []));
    for (const [i, { perAnchor }] of mined.entries())
      sizes.set(keys[i] ?? '', { pairs: pairs.length, passages: knowledgeBase.length, perAnchor });
  }
  let left = 0;
  for (const record of mined) {
    const size = sizes.get(record.key);
    if (!size || !fits(record, size)) left += 1;
    else if (!(await getMinedRecord(db, record.key))) await putMinedRecord(db, record);
  }
  return left;
}

function fits(
  { chosen, positives, ranks, perAnchor }: StoredMinedNegatives,
  size: { pairs: number; passages: number; perAnchor: number },
): boolean {
  return (
    perAnchor === size.perAnchor &&
    positives.byteLength === 4 * size.pairs &&
    new Int32Array(chosen).every((passage) => passage >= 0 && passage < size.passages) &&
    new Uint16Array(ranks).every((rank) => rank <= Math.min(highestRank, size.passages))
  );
}
