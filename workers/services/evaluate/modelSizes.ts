import type { ModelSizes } from '../../../src/domain/evaluate/speed';
import type { StoredModel } from '../../../src/domain/model';

/** Files that a tokenizer is loaded from; which of them a folder has depends on its library. */
const tokenizerFiles =
  /^(?:tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|vocab\.txt)$/;

/** Returns the bytes that a user of a model downloads: its weights in either precision, and its tokenizer. */
export function modelSizes({ tensors, files }: Pick<StoredModel, 'tensors' | 'files'>): ModelSizes {
  const floats = tensors.reduce((sum, { length }) => sum + length, 0);
  const encoder = new TextEncoder();
  const tokenizer = Object.entries(files)
    .filter(([path]) => tokenizerFiles.test(path))
    .reduce((sum, [, text]) => sum + encoder.encode(text).length, 0);
  return { float32: 4 * floats, float16: 2 * floats, tokenizer };
}
