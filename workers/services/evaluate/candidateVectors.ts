import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import { sha256Hex } from '../../../src/domain/hash';
import type { ExperimentModel } from '../../../src/domain/experiment';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { prefixOf } from '../../../src/domain/train/prefix';
import type { Database } from '../../../src/storage/database';
import type { Engine } from '../../engine/engine';
import { lowercasesFirst } from '../tokenize/letterCase';
import { prefixedSets } from '../tokenize/prefixTokens';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { tokenizeAll } from '../tokenize/tokenize';
import type { BetweenBatches } from './betweenBatches';
import { loadCandidate, type OpenCandidate } from './candidates';
import type { EncodedTexts } from './encodedTexts';
import { encodeTexts } from './encodeTexts';
import { keepVectors, readVectors } from './keptVectors';
import { loadedLater } from './loadedLater';
import type { SearchedData } from './probeData';

/** Part of the key of stored vectors. Increase it when the vectors of the same texts and weights change. */
const vectorSetVersion = 1;

export interface EncodeDeps {
  db: Database;
  engine: Engine;
  /** Identifies the open device, because vectors of another device may differ in their last bits. */
  deviceKey: string;
  between: (what: 'load' | 'passages' | 'questions') => BetweenBatches;
}

interface CandidateVectors {
  passages: EncodedTexts;
  questions: EncodedTexts;
  /** Vectors of the questions without an answer; null if there are none. */
  unanswered: EncodedTexts | null;
  /** Passages encoded per second; null if their vectors were stored. */
  passagesPerSecond: number | null;
}

/** The texts of one side, in the order in which they are encoded. */
export interface SideTexts {
  side: 'passages' | 'questions';
  texts: readonly string[];
  /** SHA-256 of the texts. */
  sha256: string;
}

/** A model that encodes texts. It is loaded when it first encodes. */
export interface SideEncoder {
  /** Name of the model, which its stored vectors are listed under. */
  name: string;
  /** Returns the key under which the vectors of texts are stored. */
  keyOf(of: SideTexts): Promise<string>;
  /** Returns unit vectors, and the time that encoding took, without loading. */
  encode(of: SideTexts): Promise<{ vectors: EncodedTexts; ms: number }>;
  /** Frees the model. */
  dispose(): Promise<void>;
}

/** Returns the encoder of a model that runs in the engine. */
export function engineEncoder(opened: OpenCandidate, deps: EncodeDeps): SideEncoder {
  const { model, settings } = opened;
  const weights = loadedLater(
    () => loadCandidate(deps.engine, deps.db, opened),
    () => deps.between('load'),
  );
  return {
    name: model.name,
    keyOf: (of) => vectorKey(opened, of, deps.deviceKey),
    encode: async (of) => {
      const set = await tokensOf(opened, of, new TextTokenizer(model), deps.between('load'));
      const parameters = await weights.get();
      const begun = performance.now();
      const encoder = { parameters, config: model.config, pooling: settings.pooling };
      const vectors = await encodeTexts(encoder, set, deps.between(of.side));
      return { vectors, ms: performance.now() - begun };
    },
    dispose: () => weights.dispose(),
  };
}

/**
 * Returns the vectors of passages and questions by a model, and frees it. Encodes only those that are not stored, and
 * stores them.
 * @throws vectors-not-finite if a vector has a number that is not finite.
 */
export async function candidateVectors(
  encoder: SideEncoder,
  data: Omit<SearchedData, 'experiment'>,
  db: Database,
): Promise<CandidateVectors> {
  let passagesPerSecond: number | null = null;
  const vectorsOf = async (of: SideTexts): Promise<EncodedTexts> => {
    const { vectors, ms } = await keptOrEncoded(encoder, of, db);
    if (of.side === 'passages' && ms !== null) passagesPerSecond = vectors.count / (ms / 1000);
    return vectors;
  };
  try {
    const { passages, questions, unanswered } = data;
    const side = 'questions';
    return {
      questions: await vectorsOf({ side, texts: textsOf(questions), sha256: data.questionsSha256 }),
      unanswered:
        unanswered.length === 0
          ? null
          : await vectorsOf({ side, texts: textsOf(unanswered), sha256: data.unansweredSha256 }),
      passages: await vectorsOf({ side: 'passages', texts: textsOf(passages), sha256: data.passagesSha256 }),
      passagesPerSecond,
    };
  } finally {
    await encoder.dispose();
  }
}

/**
 * Returns the vectors of texts, stored ones if there are any, else encodes and stores them. `ms` is the time that
 * encoding took, or null if they were stored. Throws `vectors-not-finite`.
 */
export async function keptOrEncoded(
  encoder: SideEncoder,
  of: SideTexts,
  db: Database,
): Promise<{ vectors: EncodedTexts; ms: number | null }> {
  const key = await encoder.keyOf(of);
  const stored = await readVectors(db, key);
  if (stored) return { vectors: stored, ms: null };
  const encoded = await encoder.encode(of);
  refuseNotFinite(encoded.vectors);
  await keepVectors(db, key, encoder.name, encoded.vectors);
  return encoded;
}

const textsOf = (rows: readonly { text: string }[]): string[] => rows.map(({ text }) => text);

/** Returns the storage key of a model's vectors of these texts on a device. */
export async function vectorKey(
  { model, settings, weightsSha256, stages }: OpenCandidate,
  { side, sha256 }: Pick<SideTexts, 'side' | 'sha256'>,
  deviceKey: string,
): Promise<string> {
  const { pooling, maxTokens, queryPrefix, passagePrefix } = settings;
  return sha256Hex(
    canonicalJson({
      vectorSetVersion,
      kernelsVersion,
      deviceKey,
      texts: sha256,
      prompt: side === 'passages' ? passagePrefix : queryPrefix,
      weightsSha256,
      // A model's hash does not cover lowercasing, and the hash of trained weights does not cover the tokenizer.
      tokenizer: [model.contentSha256, lowercasesFirst(model.files)],
      trainedPrefix: prefixOf(stages),
      side,
      pooling,
      maxTokens,
    }),
  );
}

/** Tokenizes passages or questions with their prompt. */
export async function promptedTokens(
  settings: ExperimentModel,
  { side, texts }: Pick<SideTexts, 'side' | 'texts'>,
  tokenizer: TextTokenizer,
  between: BetweenBatches,
): Promise<TokenSet> {
  const prompt = side === 'passages' ? settings.passagePrefix : settings.queryPrefix;
  const done = (count: number): Promise<void> => between(count, texts.length);
  return { key: '', ...(await tokenizeAll(tokenizer, texts, prompt, settings.maxTokens, done)) };
}

/** Tokenizes passages or questions with their prompt and, if the weights were trained with one, their prefix. */
export async function tokensOf(
  { model, settings, stages }: OpenCandidate,
  of: Pick<SideTexts, 'side' | 'texts'>,
  tokenizer: TextTokenizer,
  between: BetweenBatches,
): Promise<TokenSet> {
  const set = await promptedTokens(settings, of, tokenizer, between);
  const prefix = prefixOf(stages);
  if (!prefix) return set;
  const { side } = of;
  const none: TokenSet = { key: '', ids: new Int32Array(), offsets: new Uint32Array(1), truncated: 0 };
  const sets = { anchors: none, positives: none, dev: none, test: none, knowledgeBase: none };
  const filled = side === 'passages' ? { ...sets, knowledgeBase: set } : { ...sets, dev: set };
  const prefixed = prefixedSets(filled, model, prefix, settings.maxTokens);
  return side === 'passages' ? prefixed.knowledgeBase : prefixed.dev;
}

export function refuseNotFinite(vectors: EncodedTexts): void {
  const row = new Float32Array(vectors.width);
  let texts = 0;
  for (let text = 0; text < vectors.count; text++) {
    vectors.copyRow(text, row, 0);
    if (!row.every(Number.isFinite)) texts += 1;
  }
  if (texts > 0) throw new AppError({ kind: 'vectors-not-finite', texts, of: vectors.count });
}
