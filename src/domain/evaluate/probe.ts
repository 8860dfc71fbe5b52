import type { AnswerAt } from './answerAt';
import type { DataEntry } from '../experiment';
import { pairedInterval, type Interval } from './statistics';

/**
 * Questions and passages outside the user's field, which show what a model has forgotten: the set that is shipped, or
 * the dev questions and the knowledge base of another experiment. Test questions are never used: looking at them would
 * be a reading of that experiment's test.
 */
export type ProbeSet = { kind: 'general' } | { kind: 'experiment'; experimentId: string };

/** What a probe set holds. `sha256` tells results on different sets apart. */
export interface ProbeFacts {
  sha256: string;
  questions: number;
  passages: number;
}

/** A probe set in a report. `name`: that of the experiment; null for the shipped set. */
export interface NamedProbe extends Pick<ProbeFacts, 'sha256'> {
  name: string | null;
}

/** The files of the shipped set, in the folder probe/ next to the page. */
export const generalProbeFiles = { passages: 'passages.jsonl', questions: 'questions.jsonl' } as const;

/** The shipped set. Its hash is that of both files, one after the other. */
export const generalProbe: ProbeFacts = {
  sha256: 'a4ac1c7cb3d181b15f67f9f7c48b8d4f1288380abf4b743f9d8122823a6960c3',
  questions: 303,
  passages: 325,
};

type Data = readonly Pick<DataEntry, 'role' | 'contentSha256'>[];

/** Whether two experiments search the same knowledge base or share a file of questions. */
export function sharesData(data: Data, others: Data): boolean {
  const hashes = (of: Data) =>
    of.filter(({ role }) => role === 'knowledgeBase' || role === 'questions').map((entry) => entry.contentSha256);
  const known = new Set(hashes(data));
  return hashes(others).some((hash) => known.has(hash));
}

/** Whether a model lost what it could do before training, as far as the questions of a probe set can tell. */
export type Forgetting = 'forgot' | 'kept' | 'unclear';

/** The largest loss of hit rate that does not count as forgetting. */
const tolerated = 0.05;

type Counts = Pick<AnswerAt, 'won' | 'lost' | 'hitsBefore' | 'questions'>;

/** Returns the 95% interval of the change in hit rate on a probe set, by `pairedInterval`. */
export function probeInterval({ won, lost, hitsBefore, questions }: Counts): Interval {
  const both = hitsBefore - lost;
  return pairedInterval({ both, won, lost, neither: questions - both - won - lost });
}

/**
 * Judges a probe by the comparison of the base model with the tuned one: it forgot if it got worse by McNemar's test,
 * and kept what it could do if the 95% interval of the change excludes a loss of more than 5 percentage points.
 */
export function forgettingOf(answer: Counts & Pick<AnswerAt, 'verdict'>): Forgetting {
  if (answer.verdict === 'worse') return 'forgot';
  return probeInterval(answer).low > -tolerated ? 'kept' : 'unclear';
}
