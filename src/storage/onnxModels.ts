import { onnxFiles, type OnnxFile, type OnnxModel } from '../domain/onnxModel';
import { AppError } from '../domain/errors';
import { own } from '../domain/errorWords';
import { guard, withHandledEnd, type Database } from './database';
import { weightPartsOf } from './weightKeys';
import { hasWeights } from './weights';

/**
 * Stores a model whose files were just written, and returns it as stored. One with the same content is replaced but
 * keeps its earlier files, because a comparison may be reading them. The new files replace the earlier ones only if
 * bytes of these are missing.
 */
export async function putOnnxModel(db: Database, model: OnnxModel): Promise<OnnxModel> {
  const known = await db.get('onnxModels', model.contentSha256);
  const keepsFiles = known !== undefined && (await hasFiles(db, known));
  const stored = keepsFiles ? { ...model, graph: known.graph, data: known.data } : model;
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['onnxModels', 'weightParts'], 'readwrite'));
    const unused = known ? onnxFiles(keepsFiles ? model : known) : [];
    for (const { weightsId } of unused) await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
    await transaction.objectStore('onnxModels').put(stored);
    await transaction.done;
  });
  return stored;
}

async function hasFiles(db: Database, model: OnnxModel): Promise<boolean> {
  for (const { weightsId, bytes } of onnxFiles(model)) if (!(await hasWeights(db, weightsId, bytes))) return false;
  return true;
}

export function getOnnxModel(db: Database, contentSha256: string): Promise<OnnxModel | undefined> {
  return db.get('onnxModels', contentSha256);
}

export async function listOnnxModels(db: Database): Promise<OnnxModel[]> {
  return (await db.getAll('onnxModels')).sort((a, b) => a.createdAt - b.createdAt);
}

/** Returns a stored file as one blob, whose bytes stay on disk. Throws `storage-failed` if bytes of it are missing. */
export async function readOnnxFile(db: Database, { path, bytes, weightsId }: OnnxFile): Promise<Blob> {
  const parts = (await db.getAll('weightParts', weightPartsOf(weightsId))).map((part) => part.bytes);
  const blob = new Blob(parts);
  if (blob.size !== bytes)
    throw new AppError({ kind: 'storage-failed', reason: own('part-missing', parts.length, path) });
  return blob;
}
