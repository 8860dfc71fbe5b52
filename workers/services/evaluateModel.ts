import type { Experiment } from '../../src/domain/experiment';
import type { EncoderConfig, TokenSet } from '../../src/domain/model';
import type { Question } from '../../src/domain/records';
import type { Evaluation, EvaluationMoment } from '../../src/domain/run';
import { evaluateRanks, rankQuestion, type PassageOrder } from '../../src/domain/evaluate/ranking';
import { encodeBatch, encodingPlan, type EncodingPlan } from '../engine/model/encode';
import type { ParameterStore } from '../engine/model/parameters';
import { scoreBlock } from '../engine/retrieval/search';

/** Questions whose scores against the whole knowledge base are held at once. */
const questionsPerBlock = 32;

export interface EncoderInUse {
  parameters: ParameterStore;
  config: EncoderConfig;
  pooling: 'mean' | 'cls';
  /** Of a batch, where memory sets a limit. */
  mostTokens?: number | undefined;
}

/** Called between batches; throws to stop. */
export type BetweenBatches = (done: number, of: number) => Promise<void>;

/** Texts by length, then in batches of like length: [text indexes] a batch. */
export function batchesByLength(
  offsets: Uint32Array,
  { tokensPerBatch, textsPerBatch }: Pick<EncodingPlan, 'tokensPerBatch' | 'textsPerBatch'>,
): number[][] {
  const length = (text: number): number => (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
  const order = Array.from({ length: offsets.length - 1 }, (_, text) => text);
  order.sort((a, b) => length(a) - length(b) || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  let tokens = 0;
  for (const text of order) {
    if (batch.length > 0 && (tokens + length(text) > tokensPerBatch || batch.length === textsPerBatch)) {
      batches.push(batch);
      batch = [];
      tokens = 0;
    }
    batch.push(text);
    tokens += length(text);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** The packed ids of some texts of a set, in the order given. */
export function pickTexts(
  set: Pick<TokenSet, 'ids' | 'offsets'>,
  texts: readonly number[],
): { ids: Int32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + (set.offsets[text + 1] ?? 0) - (set.offsets[text] ?? 0);
  });
  const ids = new Int32Array(offsets[texts.length] ?? 0);
  texts.forEach((text, i) => ids.set(set.ids.subarray(set.offsets[text], set.offsets[text + 1]), offsets[i]));
  return { ids, offsets };
}

/** Unit vectors of all texts of a set, [texts, E] row after row, in the set's order. */
export async function encodeTexts(
  encoder: EncoderInUse,
  set: Pick<TokenSet, 'ids' | 'offsets'>,
  between: BetweenBatches,
): Promise<Float32Array> {
  const texts = set.offsets.length - 1;
  const width = encoder.config.hiddenSize;
  const vectors = new Float32Array(texts * width);
  const options = { pooling: encoder.pooling, normalize: true };
  const encode = async (batch: number[]): Promise<number> => {
    const rows = await encodeBatch(encoder.parameters, encoder.config, pickTexts(set, batch), options);
    batch.forEach((text, i) => vectors.set(rows.subarray(i * width, (i + 1) * width), text * width));
    return batch.length;
  };
  const plan = encodingPlan(encoder.mostTokens);
  const inFlight: Promise<number>[] = [];
  let done = 0;
  try {
    for (const batch of batchesByLength(set.offsets, plan)) {
      inFlight.push(encode(batch));
      if (inFlight.length < plan.batchesInFlight) continue;
      done += (await inFlight.shift()) ?? 0;
      await between(done, texts);
    }
    if (inFlight.length > 0) {
      for (const count of await Promise.all(inFlight)) done += count;
      await between(done, texts);
    }
  } finally {
    await Promise.allSettled(inFlight);
  }
  return vectors;
}

export interface EvaluationInput {
  runId: string;
  part: 'dev' | 'test';
  moment: EvaluationMoment;
  experiment: Experiment;
  questions: Question[];
  order: PassageOrder;
  questionVectors: Float32Array;
  corpusVectors: Float32Array;
  width: number;
  encodeMs: number;
}

/** Exact search of every question over the whole knowledge base, and the metrics of what it found. */
export async function evaluateVectors(input: EvaluationInput, between: BetweenBatches): Promise<Evaluation> {
  const { questions, order, width, corpusVectors, questionVectors } = input;
  const passages = order.ids.length;
  const results: Evaluation['results'] = [];
  for (let from = 0; from < questions.length; from += questionsPerBlock) {
    const block = questions.slice(from, from + questionsPerBlock);
    const vectors = questionVectors.subarray(from * width, (from + block.length) * width);
    const scores = await scoreBlock(vectors, corpusVectors, width);
    block.forEach((question, i) =>
      results.push(rankQuestion(question, scores.subarray(i * passages, (i + 1) * passages), order)),
    );
    await between(from + block.length, questions.length);
  }
  const { runId, part, moment, encodeMs } = input;
  return {
    runId,
    part,
    moment,
    encodeMs,
    results,
    createdAt: Date.now(),
    ...evaluateRanks(results, questions, passages, input.experiment.evaluation.ks),
  };
}
