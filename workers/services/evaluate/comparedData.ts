import { canonicalJson } from '../../../src/domain/canonicalJson';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256Stream } from '../../../src/domain/hash';
import type { Passage, Question, QuestionPart } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { getDataset } from '../../../src/storage/datasets';
import { getRun } from '../../../src/storage/runs';
import { preparedData, type PreparedData } from '../split/preparedData';
import { storedExperiment } from '../train/storedExperiment';

/** The questions and the knowledge base that models are compared on. */
export interface ComparedData {
  experiment: Experiment;
  /** Passages with the text that is encoded. */
  passages: Passage[];
  order: PassageOrder;
  questions: Question[];
  /** Questions that the knowledge base has no answer to. Only score thresholds use them. */
  unanswered: Question[];
  /** Questions of the part's file that are not evaluated. */
  leftOut: number;
  /** SHA-256 of the texts of the passages, of the questions, and of those without an answer. */
  passagesSha256: string;
  questionsSha256: string;
  unansweredSha256: string;
  /** SHA-256 of the passages with their ids: equal in every profile that searches the same knowledge base. */
  knowledgeBaseSha256: string;
  /** SHA-256 of passages and questions with their ids, and of the right passages. */
  sha256: string;
}

/** The owner of the data: an experiment in its current state, or one of its runs. */
export type DataOwner = { experimentId: string; runId?: undefined } | { runId: string };

/** Data shared by both parts of an experiment, and the questions of both. */
interface SharedData extends Pick<PreparedData, QuestionPart | 'unanswered'> {
  passages: Passage[];
  order: PassageOrder;
  passagesSha256: string;
  knowledgeBaseSha256: string;
}

/** Data that is being read or was read, with a key of everything that it depends on. */
interface ReadData {
  key: string;
  shared: Promise<SharedData>;
  parts: Map<QuestionPart, Promise<ComparedData>>;
}
/**
 * The data of the latest comparisons, newest first: of a run, and of the experiment that it is probed with. It is read
 * again whenever the experiment's data or split changes.
 */
let latest: readonly ReadData[] = [];
const kept = 2;

/**
 * Returns the data that models are compared on.
 * @throws not-found if the run was deleted; data-missing if a data set is not stored or there is no knowledge base;
 * nothing-to-evaluate if the part has no questions.
 */
export async function comparedData(db: Database, owner: DataOwner, part: QuestionPart): Promise<ComparedData> {
  const experiment = await experimentOf(db, owner);
  const { shared, parts } = readOf(db, experiment);
  let reading = parts.get(part);
  if (!reading) {
    const started = shared.then((known) => partOf(db, experiment, part, known));
    reading = started;
    parts.set(part, started);
    started.catch(() => parts.delete(part));
  }
  return { ...(await reading), experiment };
}

/** Returns the experiment's data if it is among the latest; otherwise starts reading. */
function readOf(db: Database, experiment: Experiment): ReadData {
  // The model decides whether letter case counts in the split, and the stages may list the batches.
  const { data, split, seed, model, stages } = experiment;
  const key = canonicalJson([db.name, data, split, seed, model, stages]);
  const known = latest.find((one) => one.key === key);
  const reading: ReadData = known ?? { key, shared: readShared(db, experiment), parts: new Map() };
  latest = [reading, ...latest.filter((one) => one !== reading)].slice(0, kept);
  if (!known)
    reading.shared.catch(() => {
      latest = latest.filter((one) => one !== reading);
    });
  return reading;
}

async function experimentOf(db: Database, owner: DataOwner): Promise<Experiment> {
  if (owner.runId === undefined) return storedExperiment(db, owner.experimentId);
  const { runId } = owner;
  const run = await getRun(db, runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  return run.experiment;
}

/** Hashes each text after its length, so that different lists of texts never hash the same bytes. */
export function hashOf(texts: readonly string[]): Promise<string> {
  function* pieces(): Generator<string> {
    for (const text of texts) {
      yield `${text.length}:`;
      yield text;
    }
  }
  return sha256Stream(pieces());
}

/**
 * Counts the questions of a part's file that are not among the `used` ones. Returns 0 if the part is held out from the
 * pairs.
 */
async function countLeftOut(db: Database, { data }: Experiment, part: QuestionPart, used: number): Promise<number> {
  const files = data.filter((entry) => entry.role === 'questions' && entry.part === part);
  let rows = 0;
  for (const { contentSha256 } of files) rows += (await getDataset(db, contentSha256))?.rows ?? 0;
  return files.length === 0 ? 0 : Math.max(0, rows - used);
}

async function readShared(db: Database, experiment: Experiment): Promise<SharedData> {
  const { knowledgeBase: passages, dev, test, unanswered } = await preparedData(db, experiment);
  if (passages.length === 0) throw new AppError({ kind: 'data-missing', role: 'knowledgeBase' });
  const passagesSha256 = await hashOf(passages.map(({ text }) => text));
  const knowledgeBaseSha256 = await hashOf([passagesSha256, canonicalJson(passages.map(({ id }) => id))]);
  return { passages, order: passageOrder(passages), passagesSha256, knowledgeBaseSha256, dev, test, unanswered };
}

async function partOf(
  db: Database,
  experiment: Experiment,
  part: QuestionPart,
  { passages, order, [part]: questions, unanswered: { [part]: unanswered }, ...known }: SharedData,
): Promise<ComparedData> {
  if (questions.length === 0) throw new AppError({ kind: 'nothing-to-evaluate', part });
  const questionsSha256 = await hashOf(questions.map(({ text }) => text));
  const unansweredSha256 = await hashOf(unanswered.map(({ text }) => text));
  const rest = [passages.map(({ id }) => id), questions.map(({ id, relevant }) => [id, relevant])];
  const more = unanswered.length === 0 ? [] : [unansweredSha256, canonicalJson(unanswered.map(({ id }) => id))];
  const { passagesSha256, knowledgeBaseSha256 } = known;
  const sha256 = await hashOf([passagesSha256, questionsSha256, canonicalJson(rest), ...more]);
  const leftOut = await countLeftOut(db, experiment, part, questions.length + unanswered.length);
  const hashes = { passagesSha256, knowledgeBaseSha256, questionsSha256, unansweredSha256, sha256 };
  return { experiment, passages, order, questions, unanswered, leftOut, ...hashes };
}
