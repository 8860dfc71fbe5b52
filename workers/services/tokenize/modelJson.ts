import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { parseModelValue, wrongShape } from '../import/parseModelJson';

/** Parses a JSON file of a model folder. Throws `model-invalid` if it is missing, broken, or a single value. */
export function modelJson(files: Record<string, string>, path: string): object {
  const text = files[path];
  if (text === undefined) throw new AppError({ kind: 'model-invalid', file: path, fault: 'missing-file' });
  const value = parseModelValue(path, text);
  if (typeof value === 'object' && value !== null) return value;
  throw wrongShape(path, value, own('object'));
}
