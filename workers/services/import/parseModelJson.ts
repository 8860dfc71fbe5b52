import { AppError } from '../../../src/domain/errors';
import { modelError } from '../../formats/modelError';

export type JsonObject = Record<string, unknown>;

export function parseModelJson(file: string, text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new AppError({ kind: 'model-invalid', file, fault: 'not-json' }, { cause });
  }
  throw modelError(file, 'not-json');
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
