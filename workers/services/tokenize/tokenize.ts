import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import { sha256Hasher, sha256Hex } from '../../../src/domain/hash';
import type { StoredModel } from '../../../src/domain/model';
import { importedPool } from '../../../src/domain/negatives/importedPool';
import type { PerTokenSet, TokenSetKeys, TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { wordRows } from '../../../src/domain/train/prefix';
import { hasRareHan } from '../../../src/domain/tokenize/rareHan';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { hasTokenSet, putTokenSet } from '../../../src/storage/tokenSets';
import { preparedData } from '../split/preparedData';
import { lowercasesFirst } from './letterCase';
import { withTokens } from './prefixTokens';
import { TextTokenizer } from './textTokenizer';

/**
 * Part of the key of every token set. Increase it when the contents of token sets change, so that stored sets are no
 * longer used.
 */
const tokenSetVersion = 1;
/** Also part of the key if a text has Han characters beyond the BMP, because version 1 did not separate them. */
const rareHanVersion = 2;
/** Number of texts encoded between two progress reports. Queued messages are also handled then. */
const textsPerTurn = 256;

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Texts of one token set, and the prefix added to each. */
interface TokenJob {
  texts: string[];
  prefix: string;
}

async function keyOf(job: TokenJob, model: StoredModel, maxTokens: number): Promise<string> {
  const hasher = await sha256Hasher();
  // Hashes each text after its length, so that different lists of texts never hash the same bytes.
  let rareHan = hasRareHan(job.prefix);
  for (const text of job.texts) {
    hasher.update(`${text.length}:`).update(text);
    rareHan ||= hasRareHan(text);
  }
  const texts = hasher.hex();
  const key = {
    tokenSetVersion,
    texts,
    count: job.texts.length,
    modelSha256: model.contentSha256,
    prefix: job.prefix,
    maxTokens,
    // These fields are present only if they apply, so that all other sets keep their keys. A model's SHA-256 does not
    // cover its lowercasing.
    ...(rareHan ? { rareHanVersion } : {}),
    ...(lowercasesFirst(model.files) ? { lowerCase: true } : {}),
  };
  return sha256Hex(canonicalJson(key));
}

/** Encodes texts into packed ids. After every `textsPerTurn` texts, calls `done` with the number encoded so far. */
export async function tokenizeAll(
  tokenizer: TextTokenizer,
  texts: readonly string[],
  prefix: string,
  maxTokens: number,
  done: (texts: number) => void | Promise<void>,
): Promise<Omit<TokenSet, 'key'>> {
  const rows: number[][] = [];
  const offsets = new Uint32Array(texts.length + 1);
  let truncated = 0;
  for (const [index, text] of texts.entries()) {
    const encoded = tokenizer.encode(prefix + text, maxTokens);
    rows.push(encoded.ids);
    offsets[index + 1] = (offsets[index] ?? 0) + encoded.ids.length;
    if (encoded.truncated) truncated += 1;
    if ((index + 1) % textsPerTurn === 0) {
      await done(index + 1);
      await nextTurn();
    }
  }
  const ids = new Int32Array(offsets[texts.length] ?? 0);
  rows.forEach((row, index) => ids.set(row, offsets[index]));
  return { ids, offsets, truncated };
}

async function storedModel(db: Database, contentSha256: string | undefined): Promise<StoredModel> {
  const model = contentSha256 === undefined ? undefined : await getModel(db, contentSha256);
  if (model) return model;
  throw new AppError({ kind: 'model-missing', ...(contentSha256 === undefined ? {} : { contentSha256 }) });
}

/** Lists the texts of an experiment's token sets, in the order of `preparedData`. */
async function jobsOf(
  db: Database,
  experiment: Experiment,
  settings: ExperimentModel | null = experiment.model,
): Promise<PerTokenSet<TokenJob>> {
  const { queryPrefix, passagePrefix } = settings ?? { queryPrefix: '', passagePrefix: '' };
  const data = await preparedData(db, experiment);
  const usesImported = experiment.stages.some(({ negatives }) => negatives?.from === 'imported');
  return {
    anchors: { texts: data.pairs.map((pair) => pair.anchor), prefix: queryPrefix },
    positives: { texts: data.pairs.map((pair) => pair.positive), prefix: passagePrefix },
    // Both sentences get the query prefix, as E5 asks for in symmetric tasks.
    ...(data.scoredPairs.length > 0
      ? {
          sentences1: { texts: data.scoredPairs.map((row) => row.sentence1), prefix: queryPrefix },
          sentences2: { texts: data.scoredPairs.map((row) => row.sentence2), prefix: queryPrefix },
        }
      : {}),
    knowledgeBase: { texts: data.knowledgeBase.map((passage) => passage.text), prefix: passagePrefix },
    devQuestions: { texts: data.dev.map((question) => question.text), prefix: queryPrefix },
    testQuestions: { texts: data.test.map((question) => question.text), prefix: queryPrefix },
    ...(usesImported ? { negatives: { texts: importedPool(data.pairs).texts, prefix: passagePrefix } } : {}),
  };
}

/**
 * Returns the keys of an experiment's token sets, whether or not they are stored.
 * @throws model-missing or data-missing.
 */
export async function tokenSetKeys(db: Database, experiment: Experiment): Promise<string[]> {
  const model = await storedModel(db, experiment.model?.contentSha256);
  const jobs = Object.values(await jobsOf(db, experiment));
  return Promise.all(jobs.map((job) => keyOf(job, model, experiment.model?.maxTokens ?? 0)));
}

/**
 * Creates an experiment's missing token sets and returns the keys of all its sets. Texts are in the order of
 * `preparedData`. `settings` are those of the model that the sets are for, if it is not the base model.
 * @throws model-missing, data-missing, or model-invalid if the tokenizer cannot be read.
 */
export async function tokenize(
  db: Database,
  experiment: Experiment,
  progress: Progress,
  settings: ExperimentModel | null = experiment.model,
): Promise<TokenSetKeys> {
  const model = await storedModel(db, settings?.contentSha256);
  const maxTokens = settings?.maxTokens ?? 0;
  const jobs = await jobsOf(db, experiment, settings);
  const of = Object.values(jobs).reduce((sum, job) => sum + job.texts.length, 0);
  let before = 0;
  let tokenizer: TextTokenizer | undefined;
  const make = async (job: TokenJob): Promise<string> => {
    const key = await keyOf(job, model, maxTokens);
    if (!(await hasTokenSet(db, key))) {
      tokenizer ??= new TextTokenizer(model);
      const set = await tokenizeAll(tokenizer, job.texts, job.prefix, maxTokens, (texts) =>
        progress(before + texts, of),
      );
      await putTokenSet(db, { key, ...set });
    }
    before += job.texts.length;
    progress(before, of);
    return key;
  };
  return {
    anchors: await make(jobs.anchors),
    positives: await make(jobs.positives),
    ...(jobs.sentences1 ? { sentences1: await make(jobs.sentences1) } : {}),
    ...(jobs.sentences2 ? { sentences2: await make(jobs.sentences2) } : {}),
    knowledgeBase: await make(jobs.knowledgeBase),
    devQuestions: await make(jobs.devQuestions),
    testQuestions: await make(jobs.testQuestions),
    ...(jobs.negatives ? { negatives: await make(jobs.negatives) } : {}),
  };
}

/**
 * Returns the token ids of a few texts, without a prefix. `tokens` are special tokens that the model's tokenizer lacks.
 * Stores nothing.
 */
export async function tokenIdsOf(
  db: Database,
  modelSha256: string,
  texts: string[],
  maxTokens: number,
  tokens: readonly string[] = [],
): Promise<number[][]> {
  const { files, tensors } = await storedModel(db, modelSha256);
  const tokenizer = new TextTokenizer({ files: withTokens(files, tokens, wordRows(tensors)) });
  return texts.map((text) => tokenizer.encode(text, maxTokens).ids);
}
