import { generalProbe, generalProbeFiles, type ProbeFacts, type ProbeSet } from '../../../src/domain/evaluate/probe';
import { probeRows } from '../../../src/domain/evaluate/probeRows';
import { AppError } from '../../../src/domain/errors';
import { sha256Hex } from '../../../src/domain/hash';
import type { Passage, Question } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { fetchDemoFile } from '../import/demoFiles';
import { comparedData } from './comparedData';

/** The texts of a probe set. */
interface Probe {
  sha256: string;
  passages: Passage[];
  questions: Question[];
}

/** Fetches the shipped set. Throws `download-failed` if a file is missing or not the one that was shipped. */
async function readGeneral(baseUrl: string): Promise<Probe> {
  const read = async (name: string): Promise<string> => (await fetchDemoFile(`${baseUrl}probe/${name}`, name)).text();
  const [passages, questions] = [await read(generalProbeFiles.passages), await read(generalProbeFiles.questions)];
  const sha256 = await sha256Hex(passages + questions);
  if (sha256 !== generalProbe.sha256) throw new AppError({ kind: 'download-failed', url: `${baseUrl}probe/` });
  return { sha256, ...probeRows(passages, questions) };
}

/**
 * Reads the texts of a probe set.
 * @throws download-failed; data-missing, not-found or nothing-to-evaluate if another experiment's data is gone.
 */
export async function readProbe(db: Database, set: ProbeSet, baseUrl: string): Promise<Probe> {
  if (set.kind === 'general') return readGeneral(baseUrl);
  const { sha256, passages, questions } = await comparedData(db, { experimentId: set.experimentId }, 'dev');
  return { sha256, passages, questions };
}

/** Returns what a probe set holds, without fetching the shipped one. Throws as `readProbe` does. */
export async function describeProbe(db: Database, set: ProbeSet): Promise<ProbeFacts> {
  if (set.kind === 'general') return generalProbe;
  const { sha256, passages, questions } = await readProbe(db, set, '');
  return { sha256, passages: passages.length, questions: questions.length };
}
