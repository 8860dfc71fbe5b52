import 'fake-indexeddb/auto';
import { beforeAll, vi } from 'vitest';
import { defaultExperiment, defaultStage, type Experiment, type Stage } from '../../src/domain/experiment';
import type { DataRole, Row } from '../../src/domain/records';
import { openDatabase, type Database } from '../../src/storage/database';
import { putDataset, writeDatasetBlock } from '../../src/storage/datasets';
import { putExperiment } from '../../src/storage/experiments';
import { putModel } from '../../src/storage/models';
import { WeightWriter } from '../../src/storage/weights';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { createRun } from '../../workers/services/train/createRun';
import { bertConfig } from './configs';
import { inBrowser } from './environment';
import { seededRandom } from './random';
import { tensorLayout } from './tensorLayout';

// Node has no navigator before version 21.
beforeAll(() => void (inBrowser || vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 })));

const config = bertConfig({
  layers: 1,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 16,
  vocabularySize: 40,
  maxPositions: 12,
});

export const modelSha256 = 'a'.repeat(64);

/** Stores a tiny model. Another seed gives other weights. */
export async function storeModel(
  db: Database,
  { contentSha256 = modelSha256, seed = 2 }: { contentSha256?: string; seed?: number } = {},
): Promise<void> {
  const weightsId = `base ${seed}`;
  const random = seededRandom(seed);
  const tensors = tensorLayout(parameterShapes(config));
  const last = tensors.at(-1);
  const totalFloats = last ? Math.ceil((last.offset + last.length) / 64) * 64 : 0;
  const writer = new WeightWriter(db, weightsId);
  await writer.write(Float32Array.from({ length: totalFloats }, () => random() - 0.5));
  await writer.finish();
  const vocab = Object.fromEntries(Array.from({ length: config.vocabularySize }, (_, i) => [`w${i}`, i]));
  const tokenizer = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', unk_token: 'w0', continuing_subword_prefix: '##', vocab },
  };
  const known = <T>(value: T) => ({ value, guessed: false });
  await putModel(db, {
    contentSha256,
    name: 'tiny',
    config,
    tensors,
    totalFloats,
    weightsId,
    files: { 'tokenizer.json': JSON.stringify(tokenizer) },
    defaults: {
      pooling: known('mean'),
      normalize: known(true),
      maxTokens: known(12),
      queryPrefix: known(''),
      passagePrefix: known(''),
    },
    sourceDtype: 'F32',
    createdAt: 1,
  });
}

async function storeRows(db: Database, role: DataRole, letter: string, rows: Row[]): Promise<string> {
  const contentSha256 = letter.repeat(64);
  await writeDatasetBlock(db, contentSha256, 0, rows, '');
  await putDataset(db, { contentSha256, role, name: role, rows: rows.length, characters: 0, createdAt: 1 });
  return contentSha256;
}

export interface SmallRun {
  /** Settings of both stages that differ from the default. */
  stage?: Partial<Stage>;
  /** Further settings of each stage, which override `stage`. There are two stages by default. */
  stages?: readonly Partial<Stage>[];
  passages?: number;
  /** Whether each pair has negatives: the first pair one, all others two. */
  withNegatives?: boolean;
  /** Whether each pair has a teacher's scores and two negatives. Needs `withNegatives`. */
  withTeacherScores?: boolean;
  /** Scores of the scored pairs; without any, the experiment has no scored pairs. */
  scores?: readonly number[];
  /** Further tiny models to store. */
  models?: readonly { contentSha256: string; seed: number }[];
}

/** Draws the rows of the small experiment. */
function drawRows({ passages: passageCount = 600, withNegatives, withTeacherScores, scores = [] }: SmallRun) {
  const random = seededRandom(4);
  const text = (): string =>
    Array.from({ length: 2 + Math.floor(random() * 7) }, () => `w${1 + Math.floor(random() * 38)}`).join(' ');
  const passages = Array.from({ length: passageCount }, (_, i) => ({ id: `p${i}`, text: text() }));
  const questions = (count: number, letter: string): Row[] =>
    Array.from({ length: count }, (_, i) => ({ id: `${letter}${i}`, text: text(), relevant: [`p${7 * i}`, `p${i}`] }));
  const pairs = Array.from({ length: 24 }, (_, i) => ({
    id: `${i}`,
    anchor: text(),
    positive: passages[i]?.text ?? '',
    ...(withNegatives
      ? {
          negatives: [30 + i, 60 + i]
            .slice(i === 0 && !withTeacherScores ? 1 : 0)
            .map((at) => passages[at]?.text ?? ''),
        }
      : {}),
    ...(withTeacherScores ? { teacherScores: [8 + (i % 3), i % 5, -i] } : {}),
  }));
  const scoredPairs = scores.map((score, i) => ({ id: `s${i}`, sentence1: text(), sentence2: text(), score }));
  return { passages, pairs, scoredPairs, dev: questions(6, 'd'), test: questions(9, 't') };
}

/** Stores the rows of the small experiment and returns its data. */
async function storeData(db: Database, run: SmallRun): Promise<Experiment['data']> {
  const { passages, pairs, scoredPairs, dev, test } = drawRows(run);
  return [
    { role: 'knowledgeBase', contentSha256: await storeRows(db, 'knowledgeBase', 'b', passages) },
    { role: 'pairs', contentSha256: await storeRows(db, 'pairs', run.withTeacherScores ? '8' : 'c', pairs) },
    ...(run.scores
      ? [{ role: 'scoredPairs' as const, contentSha256: await storeRows(db, 'scoredPairs', 'f', scoredPairs) }]
      : []),
    { role: 'questions', part: 'dev', contentSha256: await storeRows(db, 'questions', 'd', dev) },
    { role: 'questions', part: 'test', contentSha256: await storeRows(db, 'questions', 'e', test) },
  ];
}

/**
 * Stores a small experiment with two stages of six steps each and a checkpoint between them. Its passages, 600 by
 * default, take several batches on any device.
 */
export async function prepared(
  evaluation: Partial<Experiment['evaluation']> = {},
  run: SmallRun = {},
): Promise<{ db: Database; runId: string }> {
  const { stage: changed, stages = [{}, {}], models = [] } = run;
  const db = await openDatabase(`recovery-${crypto.randomUUID()}`);
  await storeModel(db);
  for (const model of models) await storeModel(db, model);
  const stage: Stage = {
    ...defaultStage(),
    dropout: 0.1,
    batching: { kind: 'seeded', batchSize: 4, avoidDuplicatePassages: true },
    duration: { unit: 'epochs', value: 1 },
    ...changed,
  };
  const experiment: Experiment = {
    ...defaultExperiment(),
    data: await storeData(db, run),
    model: {
      contentSha256: modelSha256,
      pooling: 'mean',
      normalize: true,
      maxTokens: 12,
      queryPrefix: '',
      passagePrefix: '',
    },
    stages: stages.map((own) => ({ ...stage, ...own })),
    evaluation: { ...defaultExperiment().evaluation, devEverySteps: 0, checkpoint: 'last', ...evaluation },
  };
  await putExperiment(db, { experimentId: 'e', name: 'e', experiment, createdAt: 1, updatedAt: 1, demo: false });
  return { db, runId: await createRun(db, 'e', { device: inBrowser ? 'webgpu' : 'wasm', budgetBytes: null }, 'test') };
}
