import type { Database } from '../../../src/storage/database';
import { readTensors } from '../../../src/storage/weightReader';

/** Reads a range of stored floats. */
export async function storedFloats(db: Database, weightsId: string, offset: number, length: number): Promise<number[]> {
  for await (const [, values] of readTensors(db, { weightsId }, [{ offset, length }])) return [...values];
  return [];
}

/** Wraps a database so that `read` counts the bytes of the parts of weights that are read through it. */
export function countingReads(db: Database): { db: Database; bytes: { read: number } } {
  const bytes = { read: 0 };
  const get = async (...key: Parameters<Database['get']>): Promise<unknown> => {
    const value: unknown = await db.get(...key);
    if (key[0] !== 'weightParts' || typeof value !== 'object' || value === null || !('bytes' in value)) return value;
    bytes.read += value.bytes instanceof Blob ? value.bytes.size : (value.bytes as ArrayBuffer).byteLength;
    return value;
  };
  const counted = new Proxy(db, {
    get: (target, name): unknown => {
      if (name === 'get') return get;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { db: counted, bytes };
}
