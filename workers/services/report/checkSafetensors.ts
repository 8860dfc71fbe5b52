import { AppError } from '../../../src/domain/errors';
import { openSafetensors } from '../../formats/safetensors';
import type { ExportSource } from './exportSource';

const file = 'model.safetensors';

/**
 * Throws unless the file is valid and has all tensors of the model, with the untrained ones byte for byte as imported.
 */
export async function checkSafetensors(
  blob: Blob,
  { model, readUntrained }: Pick<ExportSource, 'model' | 'readUntrained'>,
): Promise<void> {
  const written = await openSafetensors(blob, file);
  for (const { name } of model.tensors)
    if (!written.tensors.has(name))
      throw new AppError({ kind: 'model-invalid', file, fault: 'tensor-missing', tensor: name });
  for (const tensor of model.untrained?.tensors ?? []) {
    const [found, expected] = [await written.readBytes(tensor.name), readUntrained(tensor)];
    const same = found.length === expected.length && found.every((byte, i) => byte === expected[i]);
    if (!same || written.tensors.get(tensor.name)?.dtype !== tensor.dtype)
      throw new AppError({ kind: 'model-invalid', file, fault: 'tensor-differs', tensor: tensor.name });
  }
}
