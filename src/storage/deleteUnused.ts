import { onnxFiles } from '../domain/onnxModel';
import { datasetsBeside, experimentsIn, referencesOf } from '../domain/project/references';
import type { UnusedKind } from '../domain/storage/storedItem';
import { guard, withHandledEnd, type Database } from './database';
import { onceUnpinned } from './pins';
import { weightsIdsOf } from './models';
import { weightPartsOf } from './weightKeys';

const stores = [
  'experiments',
  'runs',
  'models',
  'onnxModels',
  'weightParts',
  'datasets',
  'datasetBlocks',
  'batchLists',
  'tokenSets',
  'minedNegatives',
  'vectorSets',
] as const;

/**
 * Deletes a model with the records that repeat it, an ONNX model, a data set with its rows, a batch list, token sets,
 * mined negatives or vectors, unless an experiment or a run refers to them. Returns whether it is deleted. Waits while
 * a project is being saved.
 */
export function deleteUnused(db: Database, kind: UnusedKind, ids: readonly string[]): Promise<boolean> {
  return onceUnpinned(() =>
    guard(async () => {
      const transaction = withHandledEnd(db.transaction(stores, 'readwrite'));
      const experiments = await transaction.objectStore('experiments').getAll();
      const runs = await transaction.objectStore('runs').getAll();
      const named = referencesOf([...experiments.flatMap(experimentsIn), ...runs.map(({ experiment }) => experiment)]);
      const beside = new Set(experiments.flatMap(datasetsBeside));
      const models = (await transaction.objectStore('models').getAll()).filter(
        ({ contentSha256, aliasOf }) => kind === 'model' && ids.includes(aliasOf ?? contentSha256),
      );
      const used =
        models.some(({ contentSha256 }) => named.models.has(contentSha256)) ||
        (kind === 'dataset' && ids.some((id) => named.datasets.has(id) || beside.has(id))) ||
        (kind === 'batchList' && ids.some((id) => named.batchLists.has(id)));
      if (!used) {
        for (const { contentSha256 } of models) await transaction.objectStore('models').delete(contentSha256);
        // Models with the same weights and other settings share them.
        const kept = (await transaction.objectStore('models').getAll()).flatMap(weightsIdsOf);
        for (const weightsId of models.flatMap(weightsIdsOf))
          if (!kept.includes(weightsId)) await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
        for (const id of ids) {
          if (kind === 'onnxModel') {
            const model = await transaction.objectStore('onnxModels').get(id);
            for (const { weightsId } of model ? onnxFiles(model) : [])
              await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
            await transaction.objectStore('onnxModels').delete(id);
          }
          if (kind === 'dataset') {
            await transaction.objectStore('datasets').delete(id);
            await transaction.objectStore('datasetBlocks').delete(IDBKeyRange.bound([id, 0], [id, Infinity]));
          }
          if (kind === 'batchList') await transaction.objectStore('batchLists').delete(id);
          if (kind === 'minedNegatives') await transaction.objectStore('minedNegatives').delete(id);
          if (kind === 'vectorSet') await transaction.objectStore('vectorSets').delete(id);
          if (kind === 'tokenSet') await transaction.objectStore('tokenSets').delete(id);
        }
      }
      await transaction.done;
      return !used;
    }),
  );
}
