import type { Database } from '../../../src/storage/database';
import { getVectorSet, putVectorSet } from '../../../src/storage/vectorSets';
import { sha256Of, weightPartBytes } from '../../../src/storage/weightReader';
import { EncodedTexts } from './encodedTexts';

/** Returns stored vectors, or null if there are none or their bytes do not match their hashes. */
export async function readVectors(db: Database, key: string): Promise<EncodedTexts | null> {
  const stored = await getVectorSet(db, key);
  if (!stored) return null;
  const { count, width, pieces, hashes } = stored;
  const vectors = new EncodedTexts(count, width);
  let first = 0;
  for (const [index, piece] of pieces.entries()) {
    const bytes = new Uint8Array(await piece.arrayBuffer());
    if ((await sha256Of(bytes)) !== hashes[index]) return null;
    const rows = new Float32Array(bytes.buffer);
    const texts = Array.from({ length: rows.length / width }, (_, row) => first + row);
    vectors.set(texts, rows);
    first += texts.length;
  }
  return vectors.done === count ? vectors : null;
}

/** Stores vectors under a key, unless the disk is full. `name` is the model's name. */
export async function keepVectors(db: Database, key: string, name: string, vectors: EncodedTexts): Promise<void> {
  const { count, width } = vectors;
  const perPiece = Math.max(1, Math.floor(weightPartBytes / (width * 4)));
  const pieces: Blob[] = [];
  const hashes: string[] = [];
  for (let first = 0; first < count; first += perPiece) {
    const rows = new Float32Array(Math.min(perPiece, count - first) * width);
    vectors.copyRows(first, rows.length / width, rows, 0);
    hashes.push(await sha256Of(new Uint8Array(rows.buffer)));
    pieces.push(new Blob([rows]));
  }
  await putVectorSet(db, { key, name, count, width, pieces, hashes, createdAt: Date.now() });
}
