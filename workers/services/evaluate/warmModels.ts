import { candidateId, type EngineCandidate } from '../../../src/domain/evaluate/candidate';
import type { DevicePreference } from '../../../src/domain/device';
import type { Database } from '../../../src/storage/database';
import type { Engine } from '../../engine/engine';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { closeDevice, deviceEngine, deviceKey, isOpen, openDevice } from '../device/openDevice';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { loadCandidate, openCandidate, type OpenCandidate } from './candidates';

/** A model whose weights are on the device. */
export interface WarmModel {
  opened: OpenCandidate;
  parameters: ParameterStore;
  tokenizer: TextTokenizer;
}

/** Models kept on the device: those of the two sides of the playground. */
const mostModels = 2;
/** How long models stay on the device after a question. Typing goes on within it; a pause gives the memory back. */
const idleMs = 60_000;

/** The device as the last question left it. Any other job opens the device again, which ends this. */
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

/** Closes the device after a while and calls `closed`, unless another question or another job takes it before. */
export function cool(closed: () => void): void {
  clearTimeout(idle);
  idle = setTimeout(() => {
    closeWarmDevice();
    closed();
  }, idleMs);
}

/** Closes the device at once if only questions have used it since it was opened. */
export function closeWarmDevice(): void {
  clearTimeout(idle);
  if (warm && isOpen(warm.engine)) closeDevice(); // frees the weights too
  warm = null;
}

/** Returns a model with its weights on the device. Replaces the one that was not used for longest. */
export async function warmModel(
  db: Database,
  { engine, models }: Warm,
  candidate: EngineCandidate,
): Promise<WarmModel> {
  const id = candidateId(candidate);
  const known = models.get(id);
  models.delete(id);
  // Before the weights of another model need their memory.
  for (const [other, { parameters }] of models) {
    if (models.size < mostModels) break;
    parameters.dispose();
    models.delete(other);
  }
  const model = known ?? (await load(db, engine, candidate));
  models.set(id, model);
  return model;
}

async function load(db: Database, engine: Engine, candidate: EngineCandidate): Promise<WarmModel> {
  const opened = await openCandidate(db, candidate);
  const parameters = await loadCandidate(engine, db, opened);
  return { opened, parameters, tokenizer: new TextTokenizer(opened.model) };
}
