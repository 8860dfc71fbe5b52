import { AppError } from '../../../src/domain/errors';
import { parseModelJson, type JsonObject } from '../import/parseModelJson';

/** Parses a JSON file of a model folder. Throws `model-invalid` if it is missing, broken, or not an object. */
export function modelJson(files: Record<string, string>, path: string): JsonObject {
  const text = files[path];
  if (text === undefined) throw new AppError({ kind: 'model-invalid', file: path, fault: 'missing-file' });
  return parseModelJson(path, text);
}
