import * as v from 'valibot';
import { fieldsOf, type ColumnField } from './fields';
import type { ColumnMapping, MappingsByShape } from './mapping';

/** Limit on the shapes that are remembered; the oldest are forgotten first. */
const mostShapes = 100;

const fields = [...new Set(Object.values(fieldsOf).flat())] as ColumnField[];
const stored = v.record(v.string(), v.array(v.strictObject({ column: v.string(), field: v.picklist(fields) })));

/** Parses the remembered mappings. Anything else, such as text from another version, counts as nothing remembered. */
export function parseMappings(json: string | null): MappingsByShape {
  if (json === null) return {};
  try {
    const parsed = v.safeParse(stored, JSON.parse(json));
    return parsed.success ? parsed.output : {};
  } catch {
    return {};
  }
}

/** Returns the mappings with these remembered as the newest. A shape with null is forgotten. */
export function withMappings(
  mappings: MappingsByShape,
  chosen: Readonly<Record<string, ColumnMapping | null>>,
): MappingsByShape {
  const others = Object.entries(mappings).filter(([shape]) => !Object.hasOwn(chosen, shape));
  const kept = Object.entries(chosen).filter((entry): entry is [string, ColumnMapping] => entry[1] !== null);
  return Object.fromEntries([...others, ...kept].slice(-mostShapes));
}
