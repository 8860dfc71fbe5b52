import * as v from 'valibot';

export type Schema = v.GenericSchema;
export type Output<S extends Schema> = v.InferOutput<S>;

/** Where a value does not match its schema, what is expected there and what is there. */
export interface Mismatch {
  place: string;
  expected: string;
  received: string;
}

/** Returns the valid value, or the first mismatch. Throws what parsing an experiment throws. */
export function validate<S extends Schema>(schema: S, value: unknown): { output: Output<S> } | { mismatch: Mismatch } {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return { output: result.output };
  const [issue] = result.issues;
  const { expected, received, type } = issue;
  return { mismatch: { place: v.getDotPath(issue) ?? '', expected: expected ?? type, received } };
}
