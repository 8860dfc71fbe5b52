import { onnxFiles, type OnnxFile, type OnnxModel } from '../domain/onnxModel';
import { AppError } from '../domain/errors';
import { own } from '../domain/errorWords';
import { guard, withHandledEnd, type Database } from './database';
import { weightPartsOf } from './weightKeys';

/** Stores a model whose files are stored. One with the same content is replaced, and the bytes of its files deleted. */
export async function putOnnxModel(db: Database, model: OnnxModel): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['onnxModels', 'weightParts'], 'readwrite'));
    const models = transaction.objectStore('onnxModels');
    const known = await models.get(model.contentSha256);
    for (const { weightsId } of known ? onnxFiles(known) : [])
      await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
    await models.put(model);
    await transaction.done;
  });
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
