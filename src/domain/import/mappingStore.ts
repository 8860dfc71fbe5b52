import * as v from 'valibot';
import { fieldsOf, type ColumnField } from './fields';
import type { ColumnMapping, MappingsByShape } from './mapping';

/** Maximum number of remembered shapes; the oldest are forgotten first. */
const maxShapes = 100;

const fields = [...new Set(Object.values(fieldsOf).flat())] as ColumnField[];
const stored = v.record(v.string(), v.array(v.strictObject({ column: v.string(), field: v.picklist(fields) })));

/** Parses the remembered mappings. Returns no mappings for any other text, such as one from another version. */
export function parseMappings(json: string | null): MappingsByShape {
  if (json === null) return {};
  try {
    const parsed = v.safeParse(stored, JSON.parse(json));
    return parsed.success ? parsed.output : {};
  } catch {
    return {};
  }
}

/** Returns the mappings with the chosen ones added as the newest. Removes the shapes whose choice is null. */
export function withMappings(
  mappings: MappingsByShape,
  chosen: Readonly<Record<string, ColumnMapping | null>>,
): MappingsByShape {
  const others = Object.entries(mappings).filter(([shape]) => !Object.hasOwn(chosen, shape));
  const kept = Object.entries(chosen).filter((entry): entry is [string, ColumnMapping] => entry[1] !== null);
  return Object.fromEntries([...others, ...kept].slice(-maxShapes));
}
