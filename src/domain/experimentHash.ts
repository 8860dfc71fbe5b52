import { canonicalJson } from './canonicalJson';
import type { Experiment } from './experiment';
import { sha256Hex } from './hash';
import { parseExperiment } from './parseExperiment';

/** Returns the experiment's identity: the SHA-256 of its canonical JSON with all defaults filled in. */
export function experimentHash(experiment: Experiment): Promise<string> {
  return sha256Hex(canonicalJson(parseExperiment(experiment)));
}
