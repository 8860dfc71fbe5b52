import { blendTensors } from '../../../src/domain/evaluate/blend';
import { AppError } from '../../../src/domain/errors';
import type { FloatLayout, StoredTensor } from '../../../src/domain/modelTensors';
import type { Database } from '../../../src/storage/database';
import { readTensors, type StoredWeights } from '../../../src/storage/weightReader';

/**
 * Yields the tensors of a blend in stored order. Reads base and tuned weights in parallel, part by part, so that only
 * one tensor of the blend and at most two parts of each model are in memory.
 * @throws storage-failed or checkpoint-corrupt if a part is missing or damaged; model-invalid if one side has fewer
 * tensors.
 */
export async function* blendedWeights(
  db: Database,
  base: FloatLayout & StoredWeights,
  tuned: StoredWeights,
  ratio: number,
): AsyncGenerator<[StoredTensor, Float32Array<ArrayBuffer>]> {
  const ofBase = readTensors(db, base, base.tensors);
  for await (const [tensor, values] of readTensors(db, tuned, base.tensors)) {
    const other = await ofBase.next();
    if (other.done)
      throw new AppError({
        kind: 'model-invalid',
        file: 'model.safetensors',
        fault: 'tensor-missing',
        tensor: tensor.name,
      });
    yield [tensor, blendTensors(other.value[1], values, ratio)];
  }
}
