import type { ChosenNegatives } from '../domain/negatives/chooseNegatives';
import { sha256Hex } from '../domain/hash';
import type { Database } from './database';
import { makingRoom } from './deletedExperiments';

export async function putMinedNegatives(db: Database, key: string, found: ChosenNegatives): Promise<void> {
  const { chosen, ...counts } = found;
  const bytes = chosen.slice().buffer;
  const sha256 = await sha256Hex(new Uint8Array(bytes));
  await makingRoom(db, () => db.put('minedNegatives', { key, chosen: bytes, sha256, ...counts }));
}

/** Returns stored negatives, or undefined if there are none or their bytes do not match their hash. */
export async function getMinedNegatives(db: Database, key: string): Promise<ChosenNegatives | undefined> {
  const stored = await db.get('minedNegatives', key);
  if (!stored || (await sha256Hex(new Uint8Array(stored.chosen))) !== stored.sha256) return undefined;
  const { perAnchor, excluded, refilled, refilledRows } = stored;
  return { perAnchor, chosen: new Int32Array(stored.chosen), excluded, refilled, refilledRows };
}
