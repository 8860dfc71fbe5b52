import { parseForeignJson } from '../../../src/domain/foreignJson';

/** Returns a value as the text of a JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Parses the text of a JSON file. Returns an empty object if the file is missing or contains a single value. */
export function parsedJson(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  const value = parseForeignJson(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
