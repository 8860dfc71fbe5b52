import * as v from 'valibot';
import type { AppErrorDetails } from '../errors';
import { fraction, sha256 } from '../experimentVersion1';
import { isObject } from '../isObject';
import { parseExperiment } from '../parseExperiment';

export { fraction, sha256 };

/**
 * Types of fields that the records of a project file share. Anyone may have made the file, so every field has bounds.
 */

/** An id, which becomes part of paths in the file and of addresses in the page. */
export const id = v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/));
export const text = v.string();
export const name = v.pipe(v.string(), v.maxLength(10_000));
export const finite = v.pipe(v.number(), v.finite());
export const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
/** Milliseconds since 1970, within the range of a Date: formatting any other value throws. */
export const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
/** A measurement, which may be infinite or NaN. JSON has no such numbers; see `projectJson`. */
export const measured = v.union([
  v.number(),
  v.pipe(v.picklist(['NaN', 'Infinity', '-Infinity']), v.transform(Number)),
  // Files of format 1 have null for NaN and both infinities.
  v.pipe(
    v.null(),
    v.transform(() => NaN),
  ),
]);
export const experiment = v.pipe(v.unknown(), v.transform(parseExperiment));

/** Returns the JSON of a record. Numbers that JSON lacks become strings, which `measured` reads. */
export function projectJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'number' && !Number.isFinite(field) ? String(field) : field,
  );
}

const isPlain = (field: unknown): boolean => field === null || ['string', 'number', 'boolean'].includes(typeof field);

/** Whether a value is a part of an error's sentence. A list may contain lists, but no deeper ones. */
function isSaid(value: unknown, depth = 0): boolean {
  if (Array.isArray(value)) return depth < 2 && value.every((part) => isSaid(part, depth + 1));
  if (!isObject(value)) return typeof value === 'string';
  return typeof value['code'] === 'string' && Array.isArray(value['values']) && value['values'].every(isPlain);
}

/**
 * A stored error. This version may not know its kind, for which the UI has a general sentence, but its fields must be
 * plain values or parts of a sentence.
 */
export const errorSchema = v.custom<AppErrorDetails>(
  (value) =>
    isObject(value) &&
    typeof value['kind'] === 'string' &&
    Object.values(value).every((field) => isPlain(field) || isSaid(field)),
);

/** In files of format 1, weights are stored under their id in the browser that saved the file. */
export const storedAs = { weightsId: id };
/** From format 2 on: hashes of the parts that hold the weights, in order. The file has only one copy of equal parts. */
export const inParts = { weights: v.array(sha256) };
