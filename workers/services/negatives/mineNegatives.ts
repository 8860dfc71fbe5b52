import type { DevicePreference } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import type { FoundForRow } from '../../../src/domain/negatives/minedCandidates';
import type { TokenSet, TokenSetKeys } from '../../../src/domain/tokenize/tokenSets';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getMinedNegatives, putMinedNegatives } from '../../../src/storage/minedNegatives';
import { getModel } from '../../../src/storage/models';
import { onDevice } from '../device/onDevice';
import type { Engine } from '../../engine/engine';
import { maxQuestionsPerSearch, search } from '../../engine/retrieval/search';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';
import type { EncodedTexts } from '../evaluate/encodedTexts';
import { encodeTexts, pickTexts, type EncoderForTexts } from '../evaluate/encodeTexts';
import { preparedData, type PreparedData } from '../split/preparedData';
import { modelFoldsCase } from '../tokenize/letterCase';
import { storedTokenSet } from '../tokenize/storedTokenSet';
import { tokenize } from '../tokenize/tokenize';
import { modelOfExperiment } from '../train/modelOfExperiment';
import type { RunControl } from '../train/runControl';
import { storedExperiment } from '../train/storedExperiment';
import { loadWeights } from '../train/weightTransfer';
import { chooseMined, type SearchedPairs, type StageToMine } from './chooseMined';
import { minedKey } from './minedKey';

export interface MiningDeps {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  /** Reports the total of texts encoded and questions searched. */
  progress: Progress;
}

/** Maximum number of results of one search, which holds each result twice, in 8 bytes. */
const maxResults = 1_000_000;

/** A stage whose negatives are not mined yet, with the key to store them under. */
type MissingStage = StageToMine & { key: string };

/**
 * Mines the negatives of all stages that need some, with the stage's model over the whole knowledge base, and stores
 * them. Does nothing if they are stored. Opens the device for this job only. If `trials` are given, mines for them
 * instead of the current experiment. They have the same data, so one search serves all that use the same model.
 * @throws cancelled; experiment-invalid if a rank is beyond the knowledge base; model-missing, miner-missing or
 * data-missing.
 */
export async function mineNegatives(
  experimentId: string,
  trials: readonly Experiment[] | undefined,
  deps: MiningDeps,
): Promise<void> {
  const { db } = deps;
  const all = trials ?? [await storedExperiment(db, experimentId)];
  const [experiment] = all;
  if (!experiment) return;
  const data = await preparedData(db, experiment);
  const stages: MissingStage[] = [];
  for (const each of all)
    for (const stage of await stagesToMine(db, each, data))
      if (!stages.some(({ key }) => key === stage.key)) stages.push(stage);
  if (stages.length === 0) return;
  await onDevice(deps.device, deps.wasmBaseUrl, async (engine) => {
    const answers = new AnswerIndex(data.pairs, await modelFoldsCase(db, experiment));
    for (const { miner, ofMiner } of byMiner(experiment, stages)) {
      const lastRank = Math.max(...ofMiner.map(({ settings }) => settings.lastRank));
      const searched = await searchPairs(engine, experiment, data, { ...deps, miner, lastRank });
      for (const stage of ofMiner)
        await putMinedNegatives(db, stage.key, chooseMined(searched, stage, { experiment, data, answers }));
    }
  });
}

/** Groups stages by the model that mines them, because one search serves all stages of a model. */
function byMiner(
  { model }: Experiment,
  stages: readonly MissingStage[],
): { miner: ExperimentModel | null; ofMiner: MissingStage[] }[] {
  const groups = new Map<string, { miner: ExperimentModel | null; ofMiner: MissingStage[] }>();
  for (const stage of stages) {
    const miner = stage.settings.model ?? model;
    const key = canonicalJson(miner);
    const group = groups.get(key) ?? { miner, ofMiner: [] };
    group.ofMiner.push(stage);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function stagesToMine(db: Database, experiment: Experiment, data: PreparedData): Promise<MissingStage[]> {
  const missing: MissingStage[] = [];
  for (const [stageIndex, { negatives }] of experiment.stages.entries()) {
    if (negatives?.from !== 'mined') continue;
    const passages = data.knowledgeBase.length;
    if (negatives.lastRank > passages)
      throw new AppError({
        kind: 'experiment-invalid',
        path: `stages.${stageIndex}.negatives.lastRank`,
        found: String(negatives.lastRank),
        expected: own('at-most', passages),
      });
    const miner = negatives.model?.contentSha256;
    if (miner !== undefined && !(await getModel(db, miner)))
      throw new AppError({ kind: 'miner-missing', stage: stageIndex, contentSha256: miner });
    const key = await minedKey(experiment, stageIndex, data);
    if (!(await getMinedNegatives(db, key))) missing.push({ stageIndex, settings: negatives, key });
  }
  return missing;
}

/** Vectors of the training pairs and of the knowledge base. */
interface PairVectors {
  anchors: EncodedTexts;
  positives: Vectors;
  passages: EncodedTexts;
  /** Number of texts encoded. */
  encoded: number;
}

/** Searches the knowledge base for the anchor of every pair, up to the given rank. GPU→CPU sync. */
async function searchPairs(
  engine: Engine,
  experiment: Experiment,
  data: PreparedData,
  { lastRank, miner, ...deps }: MiningDeps & { lastRank: number; miner: ExperimentModel | null },
): Promise<SearchedPairs> {
  // Pass no stages, because a prefix that one of them trains is not in the model yet.
  const { model, settings } = await modelOfExperiment(deps.db, { model: miner });
  const parameters = await loadWeights(engine, deps.db, model, model, () => undefined);
  const encoder = { parameters, config: model.config, pooling: settings.pooling };
  const keys = await tokenize(deps.db, experiment, () => undefined, miner);
  const vectors = await encodedPairs(encoder, keys, data, deps);
  parameters.dispose();
  const { anchors, passages } = vectors;
  const rows = data.pairs.length;
  const positiveScore = (row: number): number => dot(anchors, row, vectors.positives, row);
  const perSearch = Math.max(1, Math.min(maxQuestionsPerSearch, Math.floor(maxResults / lastRank)));
  const found: FoundForRow[] = [];
  for (let from = 0; from < rows; from += perSearch) {
    const count = Math.min(perSearch, rows - from);
    const queries = pickedVectors(anchors, count, (row) => from + row);
    const targets = Array.from({ length: count }, () => []);
    const results = await search(engine, { queries, passages, targets, k: lastRank }, () => deps.control.checkpoint());
    results.forEach(({ top }, i) => found.push({ top, positiveScore: positiveScore(from + i) }));
    deps.progress(vectors.encoded + from + count, vectors.encoded + rows);
  }
  return { found, scoreOf: (row, passage) => dot(anchors, row, passages, passage) };
}

/** Encodes the knowledge base, the anchors, and the positives that are not passages of the knowledge base. */
async function encodedPairs(
  encoder: EncoderForTexts,
  keys: TokenSetKeys,
  { pairs, knowledgeBase }: PreparedData,
  { db, control, progress }: MiningDeps,
): Promise<PairVectors> {
  const passageOf = new Map(knowledgeBase.map(({ text }, index) => [text, index]));
  const others = [...pairs.keys()].filter((row) => !passageOf.has(pairs[row]?.positive ?? ''));
  const encoded = knowledgeBase.length + pairs.length + others.length;
  let before = 0;
  const encode = async (tokens: Pick<TokenSet, 'ids' | 'offsets'>): Promise<EncodedTexts> => {
    const vectors = await encodeTexts(encoder, tokens, async (done) => {
      progress(before + done, encoded + pairs.length);
      await control.checkpoint();
    });
    before += vectors.count;
    return vectors;
  };
  const passages = await encode(await storedTokenSet(db, keys.knowledgeBase));
  const anchors = await encode(await storedTokenSet(db, keys.anchors));
  const ofOthers = await encode(pickTexts(await storedTokenSet(db, keys.positives), others));
  const placeOf = new Map(others.map((row, place) => [row, place]));
  const copyRow = (row: number, into: Float32Array, at: number): void => {
    const passage = passageOf.get(pairs[row]?.positive ?? '');
    if (passage === undefined) ofOthers.copyRow(placeOf.get(row) ?? 0, into, at);
    else passages.copyRow(passage, into, at);
  };
  return { passages, anchors, positives: { count: pairs.length, width: passages.width, copyRow }, encoded };
}

/** Returns the dot product of two vectors, each a row of a list. */
function dot(a: Vectors, rowOfA: number, b: Vectors, rowOfB: number): number {
  const [x, y] = [new Float32Array(a.width), new Float32Array(b.width)];
  a.copyRow(rowOfA, x, 0);
  b.copyRow(rowOfB, y, 0);
  return x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
}
