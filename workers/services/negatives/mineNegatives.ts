import type { DevicePreference } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { Experiment } from '../../../src/domain/experiment';
import { exclusions, AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import {
  chooseNegatives,
  type ChosenNegatives,
  type ExclusionCounts,
} from '../../../src/domain/negatives/chooseNegatives';
import { minedCandidates, type FoundForRow } from '../../../src/domain/negatives/minedCandidates';
import { RandomStream } from '../../../src/domain/random';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { MinedNegatives } from '../../../src/domain/train/negativesSchema';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getMinedNegatives, putMinedNegatives } from '../../../src/storage/minedNegatives';
import { closeDevice, deviceEngine, openDevice } from '../../engine/device';
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
import { minedKey } from './minedKey';

export interface MiningDeps {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  /** Reports texts encoded and questions searched, of all of them together. */
  progress: Progress;
}

/** Maximum results of one search, which holds each of them twice in 8 bytes. */
const maxResults = 1_000_000;

/** A stage whose negatives are not mined yet. */
interface StageToMine {
  stageIndex: number;
  settings: MinedNegatives;
  key: string;
}

/**
 * Mines the negatives of all stages that need some, with the base model over the whole knowledge base, and stores them.
 * Does nothing if they are stored. Opens the device for this job only.
 * @throws cancelled; experiment-invalid if a rank is beyond the knowledge base; model-missing or data-missing.
 */
export async function mineNegatives(experimentId: string, deps: MiningDeps): Promise<void> {
  const { db } = deps;
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const stages = await stagesToMine(db, experiment, data);
  if (stages.length === 0) return;
  await openDevice(deps.device, deps.wasmBaseUrl);
  try {
    const answers = new AnswerIndex(data.pairs, await modelFoldsCase(db, experiment));
    const found = await searchedPairs(experiment, data, Math.max(...stages.map((one) => one.settings.lastRank)), deps);
    for (const stage of stages)
      await putMinedNegatives(db, stage.key, chosenFrom(found, stage, { experiment, data, answers }));
  } finally {
    closeDevice(); // frees the weights too
  }
}

async function stagesToMine(db: Database, experiment: Experiment, data: PreparedData): Promise<StageToMine[]> {
  const missing: StageToMine[] = [];
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

/** Searches the knowledge base for the anchor of every pair, up to a rank. GPU→CPU sync. */
async function searchedPairs(
  experiment: Experiment,
  data: PreparedData,
  lastRank: number,
  deps: MiningDeps,
): Promise<FoundForRow[]> {
  const { model, settings } = await modelOfExperiment(deps.db, experiment);
  const parameters = await loadWeights(deviceEngine(), deps.db, model, model, () => undefined);
  const encoder = { parameters, config: model.config, pooling: settings.pooling };
  const vectors = await encodedPairs(encoder, experiment, data, deps);
  parameters.dispose();
  const { anchors, passages } = vectors;
  const rows = data.pairs.length;
  const perSearch = Math.max(1, Math.min(maxQuestionsPerSearch, Math.floor(maxResults / lastRank)));
  const found: FoundForRow[] = [];
  for (let from = 0; from < rows; from += perSearch) {
    const count = Math.min(perSearch, rows - from);
    const queries = pickedVectors(anchors, count, (row) => from + row);
    const targets = Array.from({ length: count }, () => []);
    const results = await search(deviceEngine(), { queries, passages, targets, k: lastRank }, () =>
      deps.control.checkpoint(),
    );
    results.forEach(({ top }, i) => found.push({ top, positiveScore: dot(anchors, vectors.positives, from + i) }));
    deps.progress(vectors.encoded + from + count, vectors.encoded + rows);
  }
  return found;
}

/** Encodes the knowledge base, the anchors, and the positives that are not passages of the knowledge base. */
async function encodedPairs(
  encoder: EncoderForTexts,
  experiment: Experiment,
  { pairs, knowledgeBase }: PreparedData,
  { db, control, progress }: MiningDeps,
): Promise<PairVectors> {
  const keys = await tokenize(db, experiment, () => undefined);
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

/** Returns the dot product of one row of two lists of vectors. */
function dot(a: Vectors, b: Vectors, row: number): number {
  const [x, y] = [new Float32Array(a.width), new Float32Array(b.width)];
  a.copyRow(row, x, 0);
  b.copyRow(row, y, 0);
  return x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
}

/** Chooses a stage's negatives from what the search found for each pair. */
function chosenFrom(
  found: readonly FoundForRow[],
  { stageIndex, settings }: StageToMine,
  { experiment, data, answers }: { experiment: Experiment; data: PreparedData; answers: AnswerIndex },
): ChosenNegatives {
  const byScore = Object.fromEntries(exclusions.map((reason) => [reason, 0])) as ExclusionCounts;
  const { seed } = experiment;
  const ownOf = (row: number): number[] => {
    const one = found[row];
    return one ? minedCandidates(one, settings, new RandomStream(seed, 'minedPick', stageIndex, row), byScore) : [];
  };
  const pool = data.knowledgeBase.map(({ text }) => text);
  const { perAnchor } = settings;
  const chosen = chooseNegatives({ pairs: data.pairs, answers, pool, perAnchor, seed, stageIndex, own: ownOf });
  const { scoreWindow, margin } = byScore;
  return { ...chosen, excluded: { ...chosen.excluded, scoreWindow, margin } };
}
