import { isObject } from '../isObject';

/**
 * Whether two JSON-like values are equal, regardless of the order of their fields. Recurses, so the values must be
 * shallow.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((key) => key in b && sameValue(a[key], b[key]));
}
