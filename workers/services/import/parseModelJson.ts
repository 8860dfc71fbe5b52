import { AppError } from '../../../src/domain/errors';
import { own, type Said } from '../../../src/domain/errorWords';
import { excerptOf, JsonTooDeep, parseForeignJson } from '../../../src/domain/foreignJson';
import { modelError } from '../../formats/modelError';

export type JsonObject = Record<string, unknown>;

/** Parses a JSON file of a model folder. Throws `model-invalid` if it is broken or nested too deep. */
export function parseModelValue(file: string, text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch (cause) {
    const fault = cause instanceof JsonTooDeep ? 'json-too-deep' : 'not-json';
    throw new AppError({ kind: 'model-invalid', file, fault }, { cause });
  }
}

/** Parses a JSON file of a model folder that holds an object. Throws `model-invalid` otherwise. */
export function parseModelJson(file: string, text: string): JsonObject {
  const value = parseModelValue(file, text);
  if (isJsonObject(value)) return value;
  throw wrongShape(file, value, own('object'));
}

/** Returns the error for a file, or a part of one, that is JSON of another kind than expected. */
export function wrongShape(file: string, found: unknown, expected: Said): AppError {
  return modelError(file, 'json-shape', { expected, found: excerptOf(found) ?? own('no-value') });
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
