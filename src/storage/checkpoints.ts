import { AppError } from '../domain/errors';
import { sha256Hasher } from '../domain/hash';
import { guard, type Database } from './database';
import { unlessPinned } from './pins';
import { requireRun } from './requireRun';
import type { CheckpointManifest } from './schema';
import { newWeightsId, weightPartsOf } from './weightKeys';
import { readWeights, WeightWriter } from './weights';

export interface CheckpointInput {
  runId: string;
  step: number;
  role: 'latest' | 'best';
  /** Tensors in stored order: weights, then for `latest` the first and second moments. */
  tensors: AsyncIterable<Float32Array>;
  loopState: CheckpointManifest['loopState'];
}

function generationsOf(runId: string): IDBKeyRange {
  return IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
}

/** Weights of replaced checkpoints that could not be deleted yet, because a project was being saved. */
const replaced = new Set<string>();

function ofRole(checkpoints: CheckpointManifest[], role: CheckpointManifest['role']): CheckpointManifest[] {
  return checkpoints.filter((checkpoint) => checkpoint.role === role);
}

/** Checkpoints kept per role. For `latest` these are two, in case the newer one is damaged. */
const kept = { latest: 2, best: 1 } as const;

/**
 * Writes the parts of a new checkpoint under a new id. Then one strict transaction stores its manifest and deletes the
 * checkpoint that it replaces, so a crash at any point leaves either the old state or the new one. `sweepOrphanWeights`
 * deletes parts that no manifest refers to. Throws `not-found` if the run was deleted.
 */
export async function writeCheckpoint(db: Database, input: CheckpointInput): Promise<CheckpointManifest> {
  const { runId, step, role, loopState } = input;
  const weightsId = newWeightsId('checkpoint');
  const writer = new WeightWriter(db, weightsId);
  for await (const tensor of input.tensors) await writer.write(tensor);
  const { sha256, bytes } = await writer.finish();
  return unlessPinned((mayDelete) =>
    guard(async () => {
      const stores = ['runs', 'checkpoints', 'weightParts'] as const;
      const transaction = db.transaction(stores, 'readwrite', { durability: 'strict' });
      await requireRun(transaction, runId);
      const checkpoints = transaction.objectStore('checkpoints');
      const existing = await checkpoints.getAll(generationsOf(runId));
      const generation = (existing.at(-1)?.generation ?? -1) + 1;
      const manifest: CheckpointManifest = {
        runId,
        generation,
        step,
        weightsId,
        floats: bytes / 4,
        sha256,
        role,
        loopState,
        createdAt: Date.now(),
      };
      await checkpoints.put(manifest);
      for (const old of ofRole(existing, role).slice(0, -(kept[role] - 1) || undefined)) {
        await checkpoints.delete([runId, old.generation]);
        replaced.add(old.weightsId);
      }
      if (mayDelete) for (const id of replaced) await transaction.objectStore('weightParts').delete(weightPartsOf(id));
      await transaction.done;
      if (mayDelete) replaced.clear();
      return manifest;
    }),
  );
}

/** Whether a checkpoint's stored bytes match its hash. */
export async function isWhole(db: Database, checkpoint: CheckpointManifest): Promise<boolean> {
  const hash = await sha256Hasher();
  for await (const part of readWeights(db, checkpoint.weightsId)) hash.update(part);
  return hash.hex() === checkpoint.sha256;
}

/**
 * Returns the newest `latest` checkpoint whose bytes match their hash, or undefined if the run has none. Throws
 * `checkpoint-corrupt` if all are damaged.
 */
export async function latestCheckpoint(db: Database, runId: string): Promise<CheckpointManifest | undefined> {
  const all = ofRole(await db.getAll('checkpoints', generationsOf(runId)), 'latest').reverse();
  for (const checkpoint of all) if (await isWhole(db, checkpoint)) return checkpoint;
  const newest = all[0];
  if (newest) throw new AppError({ kind: 'checkpoint-corrupt', runId, generation: newest.generation });
  return undefined;
}

/**
 * Returns the weights that the run keeps: the best ones on dev if the experiment asks for them and dev was evaluated,
 * else the last ones. They come first among the bytes under `weightsId`.
 */
export async function keptCheckpoint(db: Database, runId: string): Promise<{ weightsId: string; step: number }> {
  const run = await db.get('runs', runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const all = await db.getAll('checkpoints', generationsOf(runId));
  const best = run.experiment.evaluation.checkpoint === 'bestDev' ? ofRole(all, 'best').at(-1) : undefined;
  const chosen = ofRole(all, 'kept').at(-1) ?? best ?? ofRole(all, 'latest').at(-1);
  if (!chosen) throw new AppError({ kind: 'not-found', what: 'checkpoint', id: runId });
  if (!(await isWhole(db, chosen)))
    throw new AppError({ kind: 'checkpoint-corrupt', runId, generation: chosen.generation });
  return { weightsId: chosen.weightsId, step: chosen.step };
}
