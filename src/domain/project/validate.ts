import * as v from 'valibot';

export type Schema = v.GenericSchema;
export type Output<S extends Schema> = v.InferOutput<S>;

/** A value that does not match its schema: its path, what the schema expects, and what was found. */
interface Mismatch {
  place: string;
  expected: string;
  received: string;
}

/**
 * Returns the valid value, or the first mismatch. If the schema parses an experiment, errors of that parser are thrown.
 */
export function validate<S extends Schema>(schema: S, value: unknown): { output: Output<S> } | { mismatch: Mismatch } {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return { output: result.output };
  const [issue] = result.issues;
  const { expected, received, type } = issue;
  return { mismatch: { place: v.getDotPath(issue) ?? '', expected: expected ?? type, received } };
}
