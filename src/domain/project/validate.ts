import * as v from 'valibot';

export type Schema = v.GenericSchema;
export type Output<S extends Schema> = v.InferOutput<S>;

/** Returns the valid value, or where and why it does not match. Throws what parsing an experiment throws. */
export function validate<S extends Schema>(schema: S, value: unknown): { output: Output<S> } | { fault: string } {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return { output: result.output };
  const [issue] = result.issues;
  return { fault: `${v.getDotPath(issue) ?? ''}: ${issue.message}`.slice(0, 300) };
}
