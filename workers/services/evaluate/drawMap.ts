import { canonicalJson } from '../../../src/domain/canonicalJson';
import { placeAmong } from '../../../src/domain/evaluate/mapGeometry';
import type { DevicePreference } from '../../../src/domain/device';
import { sha256Hex } from '../../../src/domain/hash';
import { permutation, RandomStream } from '../../../src/domain/random';
import type { MapProgress, MapRequest, MapView } from '../../../src/protocol/mapApi';
import type { Database } from '../../../src/storage/database';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';
import { onDevice } from '../device/onDevice';
import { deviceKey } from '../device/openDevice';
import type { RunControl } from '../train/runControl';
import { openCandidate, type OpenCandidate } from './candidates';
import { candidateVectors, engineEncoder, vectorKey } from './candidateVectors';
import { comparedData, type ComparedData } from './comparedData';
import { EncodedTexts } from './encodedTexts';
import { keepVectors, readVectors } from './keptVectors';
import { projectInWorker } from './projectInWorker';
import { mapNeighbours, projectMap } from './projectMap';
import { nearestVectors } from './mapNeighbours';

interface KeptMapDeps {
  db: Database;
  device: DevicePreference;
  /** Replaces the limits, so that a test is short. */
  limits?: MapLimits;
}

export interface MapDeps extends KeptMapDeps {
  control: RunControl;
  wasmBaseUrl: string;
  progress: (progress: MapProgress) => void;
}

/** Most points that UMAP projects, and most passages on the map. */
interface MapLimits {
  projected: number;
  passages: number;
}
const usualLimits: MapLimits = { projected: 20_000, passages: 100_000 };

/** Part of the key of stored maps. Increase it when the positions of the same vectors change. */
const mapVersion = 1;
/** Projected neighbours that a passage beyond the limit is placed among. */
const placedAmong = 5;

/** Which passages are on the map, by their index, and how many of them are projected: the first ones of the list. */
interface Chosen {
  passages: Uint32Array;
  projected: number;
}

/** Chooses passages at random, the same ones for the same experiment. Questions are always projected. */
function choosePassages({ passages, questions, experiment }: ComparedData, limits: MapLimits): Chosen {
  const count = passages.length;
  const room = Math.max(1, limits.projected - questions.length);
  if (count <= room) return { passages: Uint32Array.from({ length: count }, (_, i) => i), projected: count };
  const order = permutation(count, new RandomStream(experiment.seed, 'map', 1));
  return { passages: order.slice(0, limits.passages), projected: room };
}

/** What a map shows, and the key under which its positions are stored. */
interface PlannedMap {
  data: ComparedData;
  opened: OpenCandidate;
  chosen: Chosen;
  storedKey: string;
}

async function planMap(request: MapRequest, { db, device, limits = usualLimits }: KeptMapDeps): Promise<PlannedMap> {
  const data = await comparedData(db, { experimentId: request.experimentId }, 'dev');
  const opened = await openCandidate(db, request.candidate);
  const { key: adapter, backend } = await deviceKey(device);
  const keyOf = (side: 'passages' | 'questions', sha256: string) =>
    vectorKey(opened, { side, sha256 }, `${backend} ${adapter}`);
  const { passagesSha256, questionsSha256, experiment } = data;
  const vectors = [await keyOf('passages', passagesSha256), await keyOf('questions', questionsSha256)];
  const storedKey = await sha256Hex(canonicalJson({ mapVersion, vectors, seed: experiment.seed, ...limits }));
  return { data, opened, chosen: choosePassages(data, limits), storedKey };
}

/**
 * Returns the kept map of an experiment's passages and dev questions by one model, or null if there is none.
 * @throws data-missing; nothing-to-evaluate without dev questions; model-missing.
 */
export async function keptMap(request: MapRequest, deps: KeptMapDeps): Promise<MapView | null> {
  const planned = await planMap(request, deps);
  const stored = await readVectors(deps.db, planned.storedKey);
  return stored && viewOf(stored, planned);
}

/**
 * Returns the map of an experiment's passages and dev questions by one model. Computes it once and keeps it with the
 * vectors; texts whose vectors are stored are not encoded again.
 * @throws cancelled; data-missing; nothing-to-evaluate without dev questions; model-missing; vectors-not-finite.
 */
export async function drawMap(request: MapRequest, deps: MapDeps): Promise<MapView> {
  const { db } = deps;
  const planned = await planMap(request, deps);
  const { data, opened, chosen, storedKey } = planned;
  const stored = await readVectors(db, storedKey);
  if (stored) return viewOf(stored, planned);
  const positions = await computeMap(data, chosen, opened, deps);
  const all = new EncodedTexts(positions.length / 2, 2);
  all.set(
    Array.from({ length: all.count }, (_, i) => i),
    positions,
  );
  await keepVectors(db, storedKey, opened.model.name, all);
  return viewOf(all, planned);
}

async function viewOf(stored: EncodedTexts, { data, chosen, storedKey }: PlannedMap): Promise<MapView> {
  const positions = new Float32Array(2 * stored.count);
  stored.copyRows(0, stored.count, positions, 0);
  const { passages, knowledgeBaseSha256 } = data;
  const questions = data.questions.map(({ id, text, kept }) => ({ id, text, topic: kept?.topic ?? null }));
  return {
    key: await sha256Hex(canonicalJson([storedKey, knowledgeBaseSha256, questions])),
    positions,
    passages: Array.from(chosen.passages, (index) => passages[index]?.id ?? ''),
    questions,
    projected: chosen.projected + questions.length,
    leftOut: passages.length - chosen.passages.length,
  };
}

/** Returns the positions [n, 2] of the passages, then of the questions. The device is free while UMAP projects. */
async function computeMap(
  data: ComparedData,
  chosen: Chosen,
  opened: OpenCandidate,
  { db, control, device, wasmBaseUrl, progress }: MapDeps,
): Promise<Float32Array> {
  const between = (what: MapProgress['what']) => async (done: number, of: number) => {
    progress({ what, done, of });
    await control.checkpoint();
  };
  await between('load')(0, 0);
  const found = await onDevice(device, wasmBaseUrl, async (engine, { backend }) => {
    const key = `${backend} ${(await deviceKey(device)).key}`;
    const deps = { db, engine, deviceKey: key };
    const encoding = (what: string) => between(what === 'load' ? 'load' : 'encode');
    const encoded = await candidateVectors(engineEncoder(opened, { ...deps, between: encoding }), data, db);
    const { first, others } = pointVectors(encoded, chosen);
    const common = { between: between('neighbours') };
    const near = await nearestVectors(engine, first, first, { k: Math.min(mapNeighbours + 1, first.count), ...common });
    const placed = await nearestVectors(engine, others, first, { k: placedAmong, between: between('place') });
    return { near, placed };
  });
  // Node has no such workers; there the runner does not draw maps, and tests project in place.
  const project = typeof Worker === 'undefined' ? projectMap : projectInWorker;
  const projected = await project(found.near, data.experiment.seed, between('project'));
  return inOrder(
    projected,
    found.placed.map((own) => placeAmong(own, projected)),
    chosen.projected,
  );
}

/** Splits the vectors into those that are projected, passages before questions, and those that are only placed. */
function pointVectors(
  { passages, questions }: { passages: Vectors; questions: Vectors },
  chosen: Chosen,
): { first: Vectors; others: Vectors } {
  const { projected } = chosen;
  const passageAt = (row: number): number => chosen.passages[row] ?? 0;
  const copyRow: Vectors['copyRow'] = (row, into, at) =>
    row < projected ? passages.copyRow(passageAt(row), into, at) : questions.copyRow(row - projected, into, at);
  const first = { count: projected + questions.count, width: passages.width, copyRow };
  const others = pickedVectors(passages, chosen.passages.length - projected, (row) => passageAt(projected + row));
  return { first, others };
}

/** Puts the placed passages between the projected ones and the questions. */
function inOrder(projected: Float32Array, placed: readonly [number, number][], passages: number): Float32Array {
  const positions = new Float32Array(projected.length + 2 * placed.length);
  positions.set(projected.subarray(0, 2 * passages));
  placed.forEach((place, i) => positions.set(place, 2 * (passages + i)));
  positions.set(projected.subarray(2 * passages), 2 * (passages + placed.length));
  return positions;
}
