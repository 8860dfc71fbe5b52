import { candidateId, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import type { DevicePreference } from '../../../src/domain/device';
import type { Database } from '../../../src/storage/database';
import type { Engine } from '../../engine/engine';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { closeDevice, deviceEngine, deviceKey, isOpen, openDevice } from '../device/openDevice';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { loadWeights } from '../train/weightTransfer';
import { openCandidate, type OpenCandidate } from './candidates';

/** A model whose weights are on the device. */
export interface WarmModel {
  opened: OpenCandidate;
  parameters: ParameterStore;
  tokenizer: TextTokenizer;
}

/** Number of models kept on the device: those of the playground's two sides. */
const mostModels = 2;
/** How long models stay on the device after a question: long enough to go on typing, but a pause frees the memory. */
const idleMs = 60_000;

/** The device in the state that the last question left. Any other job reopens the device, which ends this state. */
interface Warm {
  engine: Engine;
  /** Identifies the device in keys of stored vectors. */
  key: string;
  preference: DevicePreference;
  models: Map<string, WarmModel>;
}

let warm: Warm | null = null;
let idle: ReturnType<typeof setTimeout> | undefined;

/** Returns the device with models of earlier questions, or opens it. Call `cool` when the question is answered. */
export async function warmDevice(preference: DevicePreference, wasmBaseUrl: string): Promise<Warm> {
  clearTimeout(idle);
  if (warm && isOpen(warm.engine) && warm.preference === preference) return warm;
  const { backend } = await openDevice(preference, wasmBaseUrl);
  const key = `${backend} ${(await deviceKey(preference)).key}`;
  return (warm = { engine: deviceEngine(), key, preference, models: new Map() });
}

/** Closes the device after a while and calls `closed`, unless another question or job takes the device first. */
export function cool(closed: () => void): void {
  clearTimeout(idle);
  idle = setTimeout(() => {
    closeWarmDevice();
    closed();
  }, idleMs);
}

/** Closes the device immediately if only questions have used it since it was opened. */
export function closeWarmDevice(): void {
  clearTimeout(idle);
  if (warm && isOpen(warm.engine)) closeDevice(); // frees the weights too
  warm = null;
}

/** Returns a model with its weights on the device. Replaces the least recently used model. */
export async function warmModel(db: Database, { engine, models }: Warm, candidate: DenseCandidate): Promise<WarmModel> {
  const id = candidateId(candidate);
  const known = models.get(id);
  models.delete(id);
  // Free another model's memory before loading these weights.
  for (const [other, { parameters }] of models) {
    if (models.size < mostModels) break;
    parameters.dispose();
    models.delete(other);
  }
  const model = known ?? (await load(db, engine, candidate));
  models.set(id, model);
  return model;
}

async function load(db: Database, engine: Engine, candidate: DenseCandidate): Promise<WarmModel> {
  const opened = await openCandidate(db, candidate);
  const parameters = await loadWeights(engine, db, opened.model, opened.weights, () => undefined);
  return { opened, parameters, tokenizer: new TextTokenizer(opened.model) };
}
