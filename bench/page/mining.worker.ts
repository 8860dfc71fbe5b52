/** Times the mining of negatives with the app's own functions, and compares the result with a naive search. */
import { expose } from 'comlink';
import { defaultExperiment, experimentModelOf, type Experiment } from '../../src/domain/experiment';
import { AnswerIndex } from '../../src/domain/negatives/answerIndex';
import { defaultMined, type MinedNegatives } from '../../src/domain/train/negativesSchema';
import { openDatabase, type Database } from '../../src/storage/database';
import { putExperiment } from '../../src/storage/experiments';
import { getMinedNegatives } from '../../src/storage/minedNegatives';
import { getModel } from '../../src/storage/models';
import { closeDevice, deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';
import { DatasetWriter } from '../../workers/services/import/datasetWriter';
import { importDemoModel } from '../../workers/services/import/importDemoModel';
import { mineNegatives } from '../../workers/services/negatives/mineNegatives';
import { minedKey } from '../../workers/services/negatives/minedKey';
import { preparedData } from '../../workers/services/split/preparedData';
import { storedTokenSet } from '../../workers/services/tokenize/storedTokenSet';
import { tokenize } from '../../workers/services/tokenize/tokenize';
import { modelFoldsCase } from '../../workers/services/tokenize/letterCase';
import { RunControl } from '../../workers/services/train/runControl';
import { loadWeights } from '../../workers/services/train/weightTransfer';

export interface MiningTask {
  passages: string[];
  pairs: { anchor: string; positive: string }[];
  perAnchor: number;
  maxTokens: number;
}

export interface MiningResult {
  ms: number;
  pairs: number;
  passages: number;
  ranks: [number, number];
  /** Pairs that got random passages because they had too few of their own. They are not compared. */
  refilled: number;
  compared: number;
  /** Negatives that differ from those of the naive search by more than rounding. */
  differing: number;
}

const experimentId = 'bench';
const wasm = { device: 'wasm', wasmBaseUrl: `${location.origin}/engine/` } as const;

/** Cosines that differ by less are equal up to rounding, so their passages may be in either order. */
const rounding = 1e-5;

async function store(db: Database, task: MiningTask): Promise<{ experiment: Experiment; settings: MinedNegatives }> {
  const model = await importDemoModel(db, `${location.origin}/`);
  const knowledgeBase = await DatasetWriter.open('knowledgeBase', 'passages');
  task.passages.forEach((text, i) => knowledgeBase.add({ id: `p${i}`, text }));
  const pairs = await DatasetWriter.open('pairs', 'pairs');
  task.pairs.forEach((pair, i) => pairs.add({ id: `q${i}`, ...pair }));
  const standard = defaultExperiment();
  const settings: MinedNegatives = { ...defaultMined(task.passages.length, task.perAnchor), pick: 'top' };
  const experiment: Experiment = {
    ...standard,
    schemaVersion: 2,
    data: [
      { role: 'knowledgeBase', contentSha256: (await knowledgeBase.finish(db)).contentSha256 },
      { role: 'pairs', contentSha256: (await pairs.finish(db)).contentSha256 },
    ],
    split: { devFraction: 0, devMaximum: 1 },
    model: { ...experimentModelOf(model), maxTokens: task.maxTokens },
    stages: standard.stages.map((stage) => ({ ...stage, negatives: settings })),
  };
  await putExperiment(db, { experimentId, name: 'bench', experiment, createdAt: 1, updatedAt: 1, demo: false });
  return { experiment, settings };
}

/** Returns the vectors of anchors, positives and passages, encoded one list after another. */
async function encodedAgain(db: Database, experiment: Experiment): Promise<Record<'q' | 'd' | 'p', Float32Array[]>> {
  const model = await getModel(db, experiment.model?.contentSha256 ?? '');
  if (!model) throw new Error('no model');
  const keys = await tokenize(db, experiment, () => undefined);
  await openDevice('wasm', wasm.wasmBaseUrl);
  try {
    const parameters = await loadWeights(deviceEngine(), db, model, model, () => undefined);
    const encoder = { parameters, config: model.config, pooling: experiment.model?.pooling ?? 'mean' };
    const vectors = async (key: string): Promise<Float32Array[]> => {
      const found = await encodeTexts(encoder, await storedTokenSet(db, key), () => Promise.resolve());
      return Array.from({ length: found.count }, (_, text) => {
        const row = new Float32Array(found.width);
        found.copyRow(text, row, 0);
        return row;
      });
    };
    return {
      q: await vectors(keys.anchors),
      d: await vectors(keys.positives),
      p: await vectors(keys.knowledgeBase),
    };
  } finally {
    closeDevice();
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Searches with plain loops and counts the negatives that differ. */
async function compareNaively(
  db: Database,
  experiment: Experiment,
  settings: MinedNegatives,
): Promise<Pick<MiningResult, 'compared' | 'differing' | 'refilled' | 'pairs'>> {
  const data = await preparedData(db, experiment);
  const mined = await getMinedNegatives(db, await minedKey(experiment, 0, data));
  if (!mined?.scores) throw new Error('nothing was mined');
  const { q, d, p } = await encodedAgain(db, experiment);
  const answers = new AnswerIndex(data.pairs, await modelFoldsCase(db, experiment));
  const texts = data.knowledgeBase.map(({ text }) => text);
  let [compared, differing] = [0, 0];
  for (const [row, anchor] of q.entries()) {
    const scores = p.map((passage) => dot(anchor, passage));
    const positive = dot(anchor, d[row] ?? anchor);
    // A share of a negative cosine is larger than the cosine, but a margin never admits a passage that scores above the
    // positive.
    const bound = Math.min(positive, positive * (1 - (settings.relativeMargin ?? 0)));
    const ranked = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
    const found = ranked
      .slice(settings.firstRank - 1, settings.lastRank)
      .filter((at) => (scores[at] ?? 0) <= bound && !answers.exclusionOf(row, texts[at] ?? ''))
      .filter((at, i, all) => all.findIndex((other) => texts[other] === texts[at]) === i)
      .slice(0, mined.perAnchor);
    const first = row * mined.perAnchor;
    if (found.length < mined.perAnchor) continue;
    compared += 1;
    found.forEach((at, i) => {
      const other = mined.chosen[first + i] ?? -1;
      if (other !== at && Math.abs((scores[other] ?? 9) - (scores[at] ?? 0)) > rounding) differing += 1;
    });
  }
  return { compared, differing, refilled: mined.refilledRows, pairs: data.pairs.length };
}

const api = {
  async mine(task: MiningTask): Promise<MiningResult> {
    const db = await openDatabase();
    const { experiment, settings } = await store(db, task);
    const begin = performance.now();
    const control = new RunControl();
    await mineNegatives(experimentId, undefined, { db, control, ...wasm, progress: () => undefined });
    const ms = performance.now() - begin;
    const counts = await compareNaively(db, experiment, settings);
    return { ms, passages: task.passages.length, ranks: [settings.firstRank, settings.lastRank], ...counts };
  },
};

export type Mining = typeof api;
expose(api);
