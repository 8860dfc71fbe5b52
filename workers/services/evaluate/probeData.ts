import { passageOrder } from '../../../src/domain/evaluate/ranking';
import type { ProbeSet } from '../../../src/domain/evaluate/probe';
import type { Experiment } from '../../../src/domain/experiment';
import type { Database } from '../../../src/storage/database';
import { hashOf, type ComparedData } from './comparedData';
import { readProbe } from './readProbe';

/** Passages and questions that candidates search, of an experiment or of a probe set. */
export interface SearchedData extends Omit<ComparedData, 'experiment' | 'leftOut' | 'knowledgeBaseSha256'> {
  experiment: Pick<Experiment, 'seed'>;
}

/** Identifies a probe set in the keys of results, apart from the same texts as questions of dev. */
export const probeDataSha256 = (probeSha256: string): Promise<string> => hashOf(['probe', probeSha256]);

/** Returns the texts of a probe set for a comparison. Throws as `readProbe` does. */
export async function probeData(db: Database, set: ProbeSet, baseUrl: string): Promise<SearchedData> {
  const { sha256, passages, questions } = await readProbe(db, set, baseUrl);
  return {
    experiment: { seed: 0 },
    passages,
    order: passageOrder(passages),
    questions,
    unanswered: [],
    passagesSha256: await hashOf(passages.map(({ text }) => text)),
    questionsSha256: await hashOf(questions.map(({ text }) => text)),
    unansweredSha256: await hashOf([]),
    sha256: await probeDataSha256(sha256),
  };
}
