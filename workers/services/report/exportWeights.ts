import type { StoredModel } from '../../../src/domain/model';
import type { Database } from '../../../src/storage/database';
import { readWeights } from '../../../src/storage/weightReader';
import { hasWeights } from '../../../src/storage/weights';
import { poolerShapes } from '../../engine/model/parameterShapes';
import { writeSafetensors } from '../../formats/safetensors';
import type { ExportSource } from './exportSource';

/**
 * Returns the model without its untrained tensors if their bytes are missing. Earlier versions of the app, which don't
 * know these tensors, delete their bytes as unreferenced.
 */
export async function withUntrained(db: Database, model: StoredModel): Promise<StoredModel> {
  const { untrained, ...rest } = model;
  if (!untrained) return model;
  const bytes = untrained.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return (await hasWeights(db, untrained.weightsId, bytes)) ? model : rest;
}

/**
 * Reads the bytes of all untrained tensors, a few megabytes, and returns a function that extracts those of one tensor.
 */
export async function untrainedReader(
  db: Database,
  { untrained }: StoredModel,
): Promise<ExportSource['readUntrained']> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  if (untrained) for await (const piece of readWeights(db, untrained.weightsId)) pieces.push(piece);
  const all = new Uint8Array(await new Blob(pieces).arrayBuffer());
  return ({ offset, bytes }) => all.subarray(offset, offset + bytes);
}

/**
 * Returns the names of the pooler's parameters that the export lacks, and whether importing the model again may add
 * them.
 */
export function missingPooler({ config, untrained }: StoredModel): { names: string[]; healable: boolean } {
  const kept = new Set((untrained?.tensors ?? []).map(({ name }) => name));
  const names = poolerShapes(config).map(({ name }) => name);
  return { names: names.filter((name) => !kept.has(name)), healable: untrained === undefined };
}

/** Writes the trained weights, and the untrained tensors unchanged. */
export function safetensors({ model, read, readUntrained }: ExportSource): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const untrained = new Map((model.untrained?.tensors ?? []).map((tensor) => [tensor.name, tensor]));
  return writeSafetensors([...model.tensors, ...untrained.values()], (name) => {
    const tensor = untrained.get(name);
    return tensor ? Promise.resolve(readUntrained(tensor)) : read(name);
  });
}
