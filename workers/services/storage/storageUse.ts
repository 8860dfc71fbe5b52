import { denseOf } from '../../../src/domain/evaluate/candidate';
import type { Experiment } from '../../../src/domain/experiment';
import { AppError } from '../../../src/domain/errors';
import { projectJson } from '../../../src/domain/project/schemaFields';
import { datasetsBeside, experimentsIn, referencesOf } from '../../../src/domain/project/references';
import type { RunRecord } from '../../../src/domain/run';
import { onnxBytes, onnxName } from '../../../src/domain/onnxModel';
import type { StoredItem } from '../../../src/domain/storage/storedItem';
import type { Database } from '../../../src/storage/database';
import { listDownloads } from '../../../src/storage/downloads';
import { minedBytes } from '../../../src/storage/minedNegatives';
import { listAllComparisons } from '../../../src/storage/comparisons';
import { getSpeed } from '../../../src/storage/speeds';
import { vectorBytes } from '../../../src/storage/vectorSets';
import { listModels } from '../../../src/storage/models';
import { listOnnxModels } from '../../../src/storage/onnxModels';
import type { StoredExperiment } from '../../../src/storage/schema';
import { datasetBytes } from '../project/measureProject';
import { minedKeysOf } from '../negatives/minedKey';
import { tokenSetKeys } from '../tokenize/tokenize';

const jsonBytes = (value: unknown): number => new TextEncoder().encode(projectJson(value)).length;

/** The experiments that use an item, by the item's id. */
type Users = Map<string, Set<StoredExperiment>>;

function addUser(users: Users, id: string, user: StoredExperiment): void {
  users.set(id, (users.get(id) ?? new Set()).add(user));
}

/**
 * Returns the names of the experiments that use at least one of the items, each once, those of deleted experiments
 * last.
 */
function usersOf(users: Users, ...ids: string[]): Pick<StoredItem, 'usedBy' | 'usedByDeleted'> {
  const all = ids.flatMap((id) => [...(users.get(id) ?? [])]);
  const names = (deleted: boolean): string[] => [
    ...new Set(all.filter(({ deletedAt }) => (deletedAt !== undefined) === deleted).map(({ name }) => name)),
  ];
  return { usedBy: names(false), usedByDeleted: names(true) };
}

/** An experiment with its runs. */
interface Owner {
  stored: StoredExperiment;
  runs: RunRecord[];
}

const experimentsOf = ({ stored, runs }: Owner): Experiment[] => [
  ...experimentsIn(stored),
  ...runs.map(({ experiment }) => experiment),
];

async function runBytes(db: Database, { runId, ...record }: RunRecord): Promise<number> {
  const numbered = IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
  const evaluated = IDBKeyRange.bound([runId, '', ''], [runId, '\uffff', '\uffff']);
  const checkpoints = await db.getAll('checkpoints', numbered);
  const weights = checkpoints.reduce((sum, { floats }) => sum + floats * 4, 0);
  const events = await db.getAll('runEvents', numbered);
  return weights + jsonBytes([record, events, await db.getAll('evaluations', evaluated)]);
}

async function experimentItem(db: Database, { stored, runs }: Owner): Promise<StoredItem> {
  const { experimentId, name, deletedAt } = stored;
  let bytes = jsonBytes([stored, await listAllComparisons(db, experimentId), await getSpeed(db, experimentId)]);
  for (const run of runs) bytes += await runBytes(db, run);
  const when = deletedAt === undefined ? {} : { deletedAt };
  return { kind: 'experiment', ids: [experimentId], name, bytes, usedBy: [], usedByDeleted: [], ...when };
}

/** Returns the experiments that have results of a comparison with a model, by the model's hash. */
async function comparersOf(db: Database, owners: readonly Owner[]): Promise<Users> {
  const comparers: Users = new Map();
  for (const { stored } of owners)
    for (const { candidate } of await listAllComparisons(db, stored.experimentId)) {
      const dense = denseOf(candidate);
      if (dense && 'model' in dense) addUser(comparers, dense.model.contentSha256, stored);
    }
  return comparers;
}

function comparedIn(comparers: Users, ...ids: string[]): Pick<StoredItem, 'comparedIn'> {
  const { usedBy } = usersOf(comparers, ...ids);
  return usedBy.length > 0 ? { comparedIn: usedBy } : {};
}

async function modelItems(db: Database, users: Users, comparers: Users): Promise<StoredItem[]> {
  const all = await db.getAll('models');
  return (await listModels(db)).map(({ contentSha256, name, totalFloats, files }) => {
    const same = all.filter((model) => (model.aliasOf ?? model.contentSha256) === contentSha256);
    const bytes = totalFloats * 4 + jsonBytes(files);
    const hashes = same.map((model) => model.contentSha256);
    const used = { ...usersOf(users, ...hashes), ...comparedIn(comparers, ...hashes) };
    return { kind: 'model', ids: [contentSha256], name, bytes, ...used };
  });
}

/** Lists models that transformers.js runs. Results that were computed with them stay when they are deleted. */
async function onnxItems(db: Database, comparers: Users): Promise<StoredItem[]> {
  return (await listOnnxModels(db)).map((model) => {
    const bytes = onnxBytes(model) + jsonBytes(model.files);
    return {
      kind: 'onnxModel',
      ids: [model.contentSha256],
      name: onnxName(model),
      bytes,
      usedBy: [],
      usedByDeleted: [],
      ...comparedIn(comparers, model.contentSha256),
    };
  });
}

/** Lists mined negatives with the experiments that use them. Those of the same experiments are listed as one item. */
async function minedItems(db: Database, owners: readonly Owner[]): Promise<StoredItem[]> {
  const users: Users = new Map();
  for (const owner of owners)
    for (const experiment of experimentsOf(owner))
      for (const key of await minedKeysOf(db, experiment)) addUser(users, key, owner.stored);
  const items = new Map<string, StoredItem>();
  for (const stored of await db.getAll('minedNegatives')) {
    const { key } = stored;
    const used = usersOf(users, key);
    const group = JSON.stringify(used);
    const item = items.get(group) ?? { kind: 'minedNegatives', ids: [], name: '', bytes: 0, ...used };
    item.ids.push(key);
    item.bytes += minedBytes(stored);
    items.set(group, item);
  }
  return [...items.values()];
}

/** Lists the vectors stored by comparisons. Nothing needs them, because they can be computed again. */
async function vectorItems(db: Database): Promise<StoredItem[]> {
  const items = new Map<string, StoredItem>();
  for (let cursor = await db.transaction('vectorSets').store.openCursor(); cursor; cursor = await cursor.continue()) {
    const { key, name } = cursor.value;
    const item = items.get(name) ?? { kind: 'vectorSet', ids: [], name, bytes: 0, usedBy: [], usedByDeleted: [] };
    item.ids.push(key);
    item.bytes += vectorBytes(cursor.value);
    items.set(name, item);
  }
  return [...items.values()];
}

/** Lists token sets with the experiments that use them. The sets of one experiment are listed as one item. */
async function tokenSetItems(db: Database, owners: readonly Owner[]): Promise<StoredItem[]> {
  const users: Users = new Map();
  for (const { stored, runs } of owners) {
    const unfinished = runs.filter(({ status }) => status !== 'done').map(({ experiment }) => experiment);
    for (const experiment of [stored.experiment, ...unfinished])
      for (const key of await keysOf(db, experiment)) addUser(users, key, stored);
  }
  const items = new Map<string, StoredItem>();
  for (let cursor = await db.transaction('tokenSets').store.openCursor(); cursor; cursor = await cursor.continue()) {
    const { key, ids, offsets } = cursor.value;
    const used = usersOf(users, key);
    const group = JSON.stringify(used);
    const item = items.get(group) ?? { kind: 'tokenSet', ids: [], name: '', bytes: 0, ...used };
    item.ids.push(key);
    item.bytes += ids.byteLength + offsets.byteLength;
    items.set(group, item);
  }
  return [...items.values()];
}

async function keysOf(db: Database, experiment: Experiment): Promise<string[]> {
  try {
    return await tokenSetKeys(db, experiment);
  } catch (thrown) {
    // An experiment without model or data has no token sets.
    if (thrown instanceof AppError) return [];
    throw thrown;
  }
}

/** Lists everything in storage that has a size and can be deleted, with the experiments that use it. */
export async function storageUse(db: Database): Promise<StoredItem[]> {
  const owners: Owner[] = [];
  for (const stored of await db.getAll('experiments'))
    owners.push({ stored, runs: await db.getAllFromIndex('runs', 'experimentId', stored.experimentId) });
  const users: Users = new Map();
  for (const owner of owners) {
    const { datasets, models, batchLists } = referencesOf(experimentsOf(owner));
    for (const ids of [datasets, datasetsBeside(owner.stored), models, batchLists])
      for (const id of ids) addUser(users, id, owner.stored);
  }
  const comparers = await comparersOf(db, owners);
  const items: StoredItem[] = [];
  for (const owner of owners) items.push(await experimentItem(db, owner));
  for (const item of await modelItems(db, users, comparers)) items.push(item);
  for (const item of await onnxItems(db, comparers)) items.push(item);
  for (const { contentSha256: id, name, role } of await db.getAll('datasets'))
    items.push({ kind: 'dataset', ids: [id], name, role, bytes: await datasetBytes(db, id), ...usersOf(users, id) });
  for (const item of await tokenSetItems(db, owners)) items.push(item);
  for (const item of await minedItems(db, owners)) items.push(item);
  for (const item of await vectorItems(db)) items.push(item);
  for (const { sha256: id, batches } of await db.getAll('batchLists'))
    items.push({ kind: 'batchList', ids: [id], name: '', bytes: jsonBytes(batches), ...usersOf(users, id) });
  for (const { downloadId, listing, received } of await listDownloads(db)) {
    const bytes = Object.values(received).reduce((sum, file) => sum + file.bytes, 0);
    items.push({ kind: 'download', ids: [downloadId], name: listing.id, bytes, usedBy: [], usedByDeleted: [] });
  }
  return items;
}
