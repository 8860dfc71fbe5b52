import { AppError } from './errors';
import { own, type Said } from './errorWords';

/** Matches lone surrogates only: with the `u` flag, a surrogate pair is one code point and does not match. */
const loneSurrogate = /\p{Surrogate}/u;

function refuse(path: string, found: Said, expected: Said): never {
  throw new AppError({ kind: 'experiment-invalid', path, found, expected });
}

function member(value: unknown, path: string): string {
  switch (typeof value) {
    case 'string':
      if (loneSurrogate.test(value)) refuse(path, own('lone-surrogate'), own('well-formed-unicode'));
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) refuse(path, String(value), own('finite-number'));
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? list(value, path) : record(value, path);
    default:
      return refuse(path, typeof value, own('json-value'));
  }
}

function list(values: readonly unknown[], path: string): string {
  return `[${values.map((value, i) => member(value, `${path}[${i}]`)).join(',')}]`;
}

function record(value: object, path: string): string {
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
  // RFC 8785, 3.2.3: sort members by the UTF-16 code units of their names, which is how `<` compares strings.
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const place = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return `{${entries.map(([name, inner]) => `${member(name, place(name))}:${member(inner, place(name))}`).join(',')}}`;
}

/**
 * Serializes a value by the JSON Canonicalization Scheme (RFC 8785). Skips members that are `undefined`, as
 * JSON.stringify does.
 * @throws experiment-invalid for values without a canonical form: non-finite numbers, lone surrogates, functions.
 */
export function canonicalJson(value: unknown): string {
  return member(value, '');
}
