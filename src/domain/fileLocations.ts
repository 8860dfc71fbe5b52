import * as v from 'valibot';
import { own } from './errorWords';
import { textEncodings } from './import/encoding';
import { fieldsOf, type ColumnField } from './import/fields';
import { csvDelimiters } from './import/csv';
import type { FileReading } from './import/fileReading';
import { unfilledFields, type ColumnMapping } from './import/mapping';
import { slotNames, slots, type SlotName } from './import/slots';
import { isObject } from './isObject';
import { experimentInvalid, parseWith } from './parseExperiment';
import type { DataRole, Dataset, SourceFile } from './records';

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const column = v.pipe(v.string(), v.maxLength(4096));
const columns = v.union([column, v.pipe(v.array(column), v.minLength(1), v.maxLength(64))]);

function schemaFor(role: DataRole) {
  const byField = fieldsOf[role].map((field) => [field, v.optional(columns)] as const);
  return v.strictObject({
    path,
    columns: v.optional(v.strictObject(Object.fromEntries(byField))),
    sheet: v.optional(v.pipe(v.string(), v.minLength(1))),
    encoding: v.optional(v.picklist(textEncodings)),
    delimiter: v.optional(v.picklist(csvDelimiters)),
  });
}

/** Maximum number of files per slot. */
const mostFiles = 64;

/** A file of a slot, and the user's settings for reading it; everything else is recognised. */
export interface FileLocation extends FileReading {
  path: string;
}

function mappingOf(columnsByField: Record<string, string | string[] | undefined>): ColumnMapping {
  return Object.entries(columnsByField).flatMap(([field, named]) =>
    (Array.isArray(named) ? named : named === undefined ? [] : [named]).map((one) => ({
      column: one,
      // The schema accepts only the fields of the role.
      field: field as ColumnField,
    })),
  );
}

function fileLocation(value: unknown, role: DataRole, place: string): FileLocation {
  if (typeof value === 'string') return { path: parseWith(path, value, place) };
  if (!isObject(value)) throw experimentInvalid(place, value, [own('text'), own('object'), own('list')]);
  const { columns: named, path: file, sheet, encoding, delimiter } = parseWith(schemaFor(role), value, place);
  const reading: FileLocation = {
    path: file,
    ...(sheet === undefined ? {} : { sheet }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
  if (named === undefined) return reading;
  const mapping = mappingOf(named);
  const [missing] = unfilledFields(role, mapping);
  if (missing) throw experimentInvalid(`${place}.columns`, named, own('column-for', missing.join(' / ')));
  return { ...reading, mapping };
}

/** Returns the last component of a path, the name by which the page knows a file. */
export const nameOfPath = (file: string): string => file.split(/[\\/]/).at(-1) ?? file;

/**
 * Parses the location of a slot: a path, an object with `path` and how to read it, or a list of these.
 * @throws experiment-invalid with the path of the wrong field.
 */
export function parseFileLocations(value: unknown, slot: SlotName, place = `locations.${slot}`): FileLocation[] {
  const { role } = slots[slot];
  if (!Array.isArray(value)) return [fileLocation(value, role, place)];
  if (value.length === 0 || value.length > mostFiles)
    throw experimentInvalid(place, value, own('list-of', 1, mostFiles));
  const files = value.map((one: unknown, index) => fileLocation(one, role, `${place}.${index}`));
  const names = files.map((one) => nameOfPath(one.path));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  // Reports refer to a file by its name only, so equal names would be ambiguous.
  if (twice !== undefined) throw experimentInvalid(place, twice, own('different-names'));
  return files;
}

function locationOf({ path: file, ...reading }: SourceFile): string | SourceFile {
  return Object.keys(reading).length > 0 ? { path: file, ...reading } : file;
}

/**
 * Returns `locations` for the data sets of an experiment: the files that they were read from and the user's settings
 * for them, so that the headless runner reads them in the same way. The paths are only file names. Data sets whose
 * files are not known are left out.
 */
export function locationsOf(datasets: Partial<Record<SlotName, Dataset>>): Partial<Record<SlotName, unknown>> {
  return Object.fromEntries(
    slotNames.flatMap((slot) => {
      const locations = datasets[slot]?.sources?.map(locationOf) ?? [];
      return locations.length > 0 ? [[slot, locations.length > 1 ? locations : locations[0]]] : [];
    }),
  );
}
