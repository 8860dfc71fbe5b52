import type { EncoderConfig } from '../../../src/domain/model';
import type { UntrainedTensor, UntrainedTensors } from '../../../src/domain/modelTensors';
import type { WeightWriter } from '../../../src/storage/weights';
import { embeddingParameterNames } from '../../engine/model/parameterNames';
import { poolerShapes } from '../../engine/model/parameterShapes';
import { modelError } from '../../formats/modelError';
import { fileDTypeBytes, isFileDType, type TensorFile } from '../../formats/tensorFile';
import { refuseNotFinite, type EncoderTensor } from './encoderTensors';

/** A tensor to keep, and its name in the file. */
export interface FoundUntrained {
  kept: UntrainedTensor;
  nameInFile: string;
}

/**
 * Finds the tensors of BertModel that are stored next to the encoder, under the same prefix, but are not part of it.
 * Throws `tensor-shape` if a shape differs from the one that config.json implies, because the exported folder could not
 * be loaded.
 */
export function findUntrained(config: EncoderConfig, source: TensorFile, encoder: EncoderTensor[]): FoundUntrained[] {
  const words =
    encoder.find(({ entry }) => entry.name === embeddingParameterNames.words)?.name ?? embeddingParameterNames.words;
  const prefix = words.slice(0, words.length - embeddingParameterNames.words.length);
  const found: FoundUntrained[] = [];
  let offset = 0;
  for (const { name, shape } of poolerShapes(config)) {
    const nameInFile = prefix + name;
    const tensor = source.tensors.get(nameInFile);
    if (!tensor) continue;
    const { dtype } = tensor;
    const file = source.fileOf(nameInFile);
    if (tensor.shape.join() !== shape.join())
      throw modelError(file, 'tensor-shape', {
        tensor: nameInFile,
        expected: `[${shape.join(', ')}]`,
        found: `[${tensor.shape.join(', ')}]`,
      });
    if (!isFileDType(dtype)) throw modelError(file, 'tensor-dtype', { tensor: nameInFile, found: dtype });
    const bytes = shape.reduce((product, size) => product * size, fileDTypeBytes[dtype]);
    found.push({ kept: { name, shape, dtype, offset, bytes }, nameInFile });
    offset += bytes;
  }
  return found;
}

/**
 * Stores the tensors' bytes unchanged under `weightsId`. Returns null if there are no tensors. Throws
 * `tensor-not-finite` at a NaN or infinity: no vector depends on it, but the exported model would be damaged.
 */
export async function storeUntrained(
  writer: WeightWriter,
  weightsId: string,
  source: TensorFile,
  found: readonly FoundUntrained[],
): Promise<UntrainedTensors | null> {
  if (found.length === 0) return null;
  for (const { nameInFile } of found) {
    refuseNotFinite(source, nameInFile, await source.read(nameInFile));
    await writer.write(await source.readBytes(nameInFile));
  }
  await writer.finish();
  return { weightsId, tensors: found.map(({ kept }) => kept) };
}
