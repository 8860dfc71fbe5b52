import { expect } from 'vitest';
import { projectFile } from './projectFile';

/** Asserts that docs/engine.md contains these words, wherever its lines break. */
export async function expectInEngineDoc(...passages: string[]): Promise<void> {
  const doc = new TextDecoder().decode(await projectFile('docs/engine.md')).replace(/\s+/g, ' ');
  expect(
    passages.filter((passage) => !doc.includes(passage)),
    'what docs/engine.md should say',
  ).toEqual([]);
}

/** Formats a number of bytes as docs/engine.md does. */
export const gigabytes = (bytes: number, digits: number): string => (bytes / 1e9).toFixed(digits);
export const megabytes = (bytes: number): string =>
  (bytes / 1e6).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
