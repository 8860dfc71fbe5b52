import { AppError } from '../../../src/domain/errors';
import { own, type Said } from '../../../src/domain/errorWords';
import { parseModelValue } from '../import/parseModelJson';

/** Parses a JSON file of a model folder. Throws `model-invalid` if it is missing, broken, or a single value. */
export function modelJson(files: Record<string, string>, path: string): object {
  const invalid = (found?: Said) =>
    new AppError({
      kind: 'model-invalid',
      file: path,
      fault: 'tokenizer-invalid',
      ...(found === undefined ? {} : { found }),
    });
  const text = files[path];
  if (text === undefined) throw new AppError({ kind: 'model-invalid', file: path, fault: 'missing-file' });
  const value = parseModelValue(path, text);
  if (typeof value === 'object' && value !== null) return value;
  throw invalid(own('not-an-object'));
}
