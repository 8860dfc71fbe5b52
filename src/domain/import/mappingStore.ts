import * as v from 'valibot';
import { fieldsOf, type ColumnField } from './fields';
import type { RememberedReadings } from './fileReading';
import type { ColumnMapping } from './mapping';

/** Chosen mappings, by the shape of the files they are for. */
export type MappingsByShape = Readonly<Record<string, ColumnMapping>>;

/** Maximum number of remembered shapes; the oldest are forgotten first. */
const maxShapes = 100;

const fields = [...new Set(Object.values(fieldsOf).flat())] as ColumnField[];
const mappingsSchema = v.record(v.string(), v.array(v.strictObject({ column: v.string(), field: v.picklist(fields) })));
const readingsSchema = v.record(v.string(), v.string());

function parsed<T>(schema: v.GenericSchema<unknown, Record<string, T>>, json: string | null): Record<string, T> {
  if (json === null) return {};
  try {
    const result = v.safeParse(schema, JSON.parse(json));
    return result.success ? result.output : {};
  } catch {
    return {};
  }
}

/** Parses the remembered mappings. Text in any other form, such as one written by another version, is ignored. */
export const parseMappings = (json: string | null): MappingsByShape => parsed<ColumnMapping>(mappingsSchema, json);

/** Parses the remembered encodings and sheets in the same way as `parseMappings`. */
export const parseReadings = (json: string | null): RememberedReadings => parsed<string>(readingsSchema, json);

/** Returns the remembered choices with the new ones added as the newest. A new choice of null removes the entry. */
export function withChoices<T>(
  remembered: Readonly<Record<string, T>>,
  chosen: Readonly<Record<string, T | null>>,
): Record<string, T> {
  const others = Object.entries(remembered).filter(([shape]) => !Object.hasOwn(chosen, shape));
  const kept = Object.entries(chosen).filter((entry): entry is [string, T] => entry[1] !== null);
  return Object.fromEntries([...others, ...kept].slice(-maxShapes));
}
