import { AppError, toAppError } from '../domain/errors';
import { sha256Hex, sha256Stream } from '../domain/hash';
import { keptCheckpoints } from '../domain/train/checkpointBytes';
import { withHandledEnd, type Database } from './database';
import { makingRoom } from './deletedExperiments';
import { unlessPinned } from './pins';
import { requireRun } from './requireRun';
import type { CheckpointManifest } from './schema';
import { requireStorage } from './space';
import { readWeights, verifyParts, type StoredWeights } from './weightReader';
import { newWeightsId, weightPartsOf } from './weightKeys';
import { cutSections, WeightWriter, type HashedPart } from './weights';

/** The run, step and loop state of a checkpoint, its role, the size of its moments, and whether it has an average. */
type CheckpointOf = Pick<CheckpointManifest, 'runId' | 'step' | 'loopState' | 'momentFloats' | 'averaged'> & {
  role: 'latest' | 'best';
};

export interface CheckpointInput extends CheckpointOf {
  /** Sections in stored order: weights, then for `latest` the first and second moments and the average. */
  sections: readonly AsyncIterable<Float32Array>[];
}

/** The bytes of a checkpoint as they were at its step, in the browser's blob storage. */
interface CheckpointSnapshot extends CheckpointOf {
  parts: HashedPart[];
}

/** Weights of replaced checkpoints that could not be deleted yet, because a project was being saved. */
const replaced = new Set<string>();

function generationsOf(runId: string): IDBKeyRange {
  return IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
}

function ofRole(checkpoints: CheckpointManifest[], role: CheckpointManifest['role']): CheckpointManifest[] {
  return checkpoints.filter((checkpoint) => checkpoint.role === role);
}

/** Reads all tensors, so that training can continue while `writeSnapshot` stores them. */
export async function takeCheckpointSnapshot({ sections, ...of }: CheckpointInput): Promise<CheckpointSnapshot> {
  const parts: HashedPart[] = [];
  await cutSections(sections, (part) => void parts.push(part));
  return { ...of, parts };
}

/** Stores a snapshot in one transaction, together with its manifest. A crash leaves either all of it or nothing. */
export async function writeSnapshot(db: Database, { parts, ...of }: CheckpointSnapshot): Promise<CheckpointManifest> {
  await requireStorage(parts.reduce((sum, { bytes }) => sum + bytes, 0));
  return commit(db, of, newWeightsId('checkpoint'), parts);
}

/**
 * Writes a checkpoint part by part, holding at most two parts in memory. The parts are written under a new id; then one
 * transaction stores the manifest, so a crash at any point leaves either the old state or the new one.
 * `sweepOrphanWeights` deletes parts that no manifest refers to.
 */
export async function writeCheckpoint(db: Database, { sections, ...of }: CheckpointInput): Promise<CheckpointManifest> {
  const weightsId = newWeightsId('checkpoint');
  const writer = new WeightWriter(db, weightsId);
  const parts: Omit<HashedPart, 'blob'>[] = [];
  try {
    await cutSections(sections, async ({ blob, ...part }) => {
      parts.push(part);
      await writer.writePart(blob);
    });
  } finally {
    await writer.finish();
  }
  return commit(db, of, weightsId, parts);
}

/**
 * Stores a manifest, with the parts unless they are already stored, and deletes the checkpoint that it replaces. Throws
 * `not-found` if the run was deleted.
 */
async function commit(
  db: Database,
  of: CheckpointOf,
  weightsId: string,
  parts: (Omit<HashedPart, 'blob'> & { blob?: Blob })[],
): Promise<CheckpointManifest> {
  const { runId, role } = of;
  const sha256 = await sha256Hex(parts.map((part) => part.sha256).join(''));
  const store = async (mayDelete: boolean): Promise<CheckpointManifest> => {
    const stores = ['runs', 'checkpoints', 'weightParts'] as const;
    const transaction = withHandledEnd(db.transaction(stores, 'readwrite', { durability: 'strict' }));
    await requireRun(transaction, runId);
    const [checkpoints, weightParts] = [transaction.objectStore('checkpoints'), transaction.objectStore('weightParts')];
    const existing = await checkpoints.getAll(generationsOf(runId));
    const manifest: CheckpointManifest = {
      ...of,
      generation: (existing.at(-1)?.generation ?? -1) + 1,
      weightsId,
      floats: parts.reduce((sum, { bytes }) => sum + bytes, 0) / 4,
      parts: parts.map(({ bytes, sha256 }) => ({ bytes, sha256 })),
      sha256,
      createdAt: Date.now(),
    };
    const written: Promise<unknown>[] = [checkpoints.put(manifest)];
    parts.forEach(({ blob }, part) => {
      if (blob) written.push(weightParts.put({ weightsId, part, bytes: blob }));
    });
    for (const old of ofRole(existing, role).slice(0, -(keptCheckpoints[role] - 1) || undefined)) {
      written.push(checkpoints.delete([runId, old.generation]));
      replaced.add(old.weightsId);
    }
    if (mayDelete) for (const id of replaced) written.push(weightParts.delete(weightPartsOf(id)));
    // Commit explicitly. Otherwise the browser waits until this thread, which may be busy with steps, has handled every
    // request.
    transaction.commit();
    await Promise.all([...written, transaction.done]);
    if (mayDelete) replaced.clear();
    return manifest;
  };
  return unlessPinned((mayDelete) => makingRoom(db, () => store(mayDelete)));
}

/** Returns where a checkpoint's weights are stored. */
export function weightsOfCheckpoint({ weightsId, parts, runId, generation }: CheckpointManifest): StoredWeights {
  return { weightsId, checkpoint: { runId, generation }, ...(parts ? { parts } : {}) };
}

/**
 * For checkpoints of earlier versions, which have one hash for all bytes. Throws `checkpoint-corrupt` if it does not
 * match.
 */
async function verifyUnlisted(db: Database, { runId, generation, ...checkpoint }: CheckpointManifest): Promise<void> {
  if (checkpoint.parts) return;
  const sha256 = await sha256Stream(readWeights(db, checkpoint.weightsId));
  if (sha256 !== checkpoint.sha256) throw new AppError({ kind: 'checkpoint-corrupt', runId, generation });
}

/** Returns the steps from which a run may resume, and whether it had stopped early by then. Reads no weights. */
export async function resumableSteps(db: Database, runId: string): Promise<{ step: number; stopped: boolean }[]> {
  const latest = ofRole(await db.getAll('checkpoints', generationsOf(runId)), 'latest');
  return latest.map(({ step, loopState }) => ({ step, stopped: loopState.stopped ?? false }));
}

/**
 * Loads the newest `latest` checkpoint, or the one before it if the newest is damaged. Returns undefined if the run has
 * none. `load` reads with `readTensors`, which verifies the parts that it reads. Throws `checkpoint-corrupt` if all are
 * damaged.
 */
export async function loadNewestCheckpoint<T>(
  db: Database,
  runId: string,
  load: (checkpoint: CheckpointManifest) => Promise<T>,
): Promise<T | undefined> {
  let failure: AppError | undefined;
  for (const checkpoint of ofRole(await db.getAll('checkpoints', generationsOf(runId)), 'latest').reverse()) {
    try {
      await verifyUnlisted(db, checkpoint);
      return await load(checkpoint);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.details.kind !== 'checkpoint-corrupt') throw thrown;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return undefined;
}

/** Returns the newest `latest` checkpoint whose bytes match their hashes, or undefined if the run has none. */
export function latestCheckpoint(db: Database, runId: string): Promise<CheckpointManifest | undefined> {
  return loadNewestCheckpoint(db, runId, async (checkpoint) => {
    await verifyParts(db, weightsOfCheckpoint(checkpoint));
    return checkpoint;
  });
}

/**
 * Returns the checkpoint of the weights that the run keeps, and that of its last weights. The kept weights are those
 * that did best on dev if the experiment asks for them and dev was evaluated, else the last ones.
 */
export async function runCheckpoints(
  db: Database,
  runId: string,
): Promise<{ kept: CheckpointManifest; last: CheckpointManifest }> {
  const run = await db.get('runs', runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const all = await db.getAll('checkpoints', generationsOf(runId));
  const best = run.experiment.evaluation.checkpoint === 'bestDev' ? ofRole(all, 'best').at(-1) : undefined;
  const last = ofRole(all, 'latest').at(-1);
  const kept = ofRole(all, 'kept').at(-1) ?? best ?? last;
  if (!kept) throw new AppError({ kind: 'not-found', what: 'checkpoint', id: runId });
  return { kept, last: last ?? kept };
}

/** Returns the weights of a checkpoint. They come first among the stored bytes and are verified when they are read. */
export async function readableWeights(db: Database, checkpoint: CheckpointManifest): Promise<StoredWeights> {
  await verifyUnlisted(db, checkpoint);
  return weightsOfCheckpoint(checkpoint);
}

/** Returns the weights that the run keeps. */
export async function keptCheckpoint(db: Database, runId: string): Promise<{ weights: StoredWeights; step: number }> {
  const { kept } = await runCheckpoints(db, runId);
  return { weights: await readableWeights(db, kept), step: kept.step };
}

/** Whether the stored bytes of a checkpoint match its hashes. */
export async function isWhole(db: Database, checkpoint: CheckpointManifest): Promise<boolean> {
  try {
    await verifyUnlisted(db, checkpoint);
    await verifyParts(db, weightsOfCheckpoint(checkpoint));
    return true;
  } catch (thrown) {
    if (toAppError(thrown).details.kind === 'checkpoint-corrupt') return false;
    throw thrown;
  }
}

/** Deletes all checkpoints of a run with their weights, in one transaction. */
export async function deleteCheckpoints(db: Database, runId: string): Promise<void> {
  await unlessPinned(async (mayDelete) => {
    const transaction = withHandledEnd(db.transaction(['checkpoints', 'weightParts'], 'readwrite'));
    const checkpoints = transaction.objectStore('checkpoints');
    for (const { weightsId } of await checkpoints.getAll(generationsOf(runId)))
      if (mayDelete) await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
      else replaced.add(weightsId);
    await checkpoints.delete(generationsOf(runId));
    await transaction.done;
  });
}
