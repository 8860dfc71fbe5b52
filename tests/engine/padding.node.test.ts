import { quadsFor } from '../../workers/engine/quads';
import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/storage/database';
import { getExperiment } from '../../src/storage/experiments';
import { getModel } from '../../src/storage/models';
import type { CommonSetName } from '../../src/domain/tokenize/tokenSets';
import { getTokenSet } from '../../src/storage/tokenSets';
import { packTokens } from '../../workers/engine/model/packedTokens';
import { joinTokenBatches } from '../../workers/engine/model/tokenBatch';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { textBatchesByLength, pickTexts } from '../../workers/services/evaluate/encodeTexts';
import { preparedData } from '../../workers/services/split/preparedData';
import { prepareDemo } from '../../workers/services/import/prepareDemo';
import { stageBatches } from '../../workers/services/train/stageBatches';
import { tokenize } from '../../workers/services/tokenize/tokenize';
import { expectInEngineDoc } from './expectInEngineDoc';
import { publicBase, stubPublicFolder } from './publicFolder';

afterEach(() => vi.unstubAllGlobals());

/** Encoding plans of a CPU and of a GPU. */
const plans = [
  { tokensPerBatch: 2048, textsPerBatch: 128 },
  { tokensPerBatch: 16_384, textsPerBatch: 1024 },
];

it('the demo has less than 3% padding rows in every training step and over an evaluation', async () => {
  stubPublicFolder();
  const db = await openDatabase('padding');
  const { experimentId } = await prepareDemo(db, publicBase, () => undefined);
  const experiment = (await getExperiment(db, experimentId))?.experiment;
  const model = await getModel(db, experiment?.model?.contentSha256 ?? '');
  if (!experiment || !model) throw new Error('no demo');
  const keys = await tokenize(db, experiment, () => undefined);
  const set = async (key: CommonSetName): Promise<TokenBatch> => {
    const found = await getTokenSet(db, keys[key]);
    if (!found) throw new Error(key);
    return found;
  };
  const count = (batch: TokenBatch): { filler: number; rows: number } => {
    const { rows, tokens } = packTokens(batch, model.config, quadsFor);
    return { filler: rows - tokens, rows };
  };
  const shareOf = (counts: { filler: number; rows: number }[]): number =>
    counts.reduce((sum, { filler }) => sum + filler, 0) / counts.reduce((sum, { rows }) => sum + rows, 0);

  const [anchors, positives] = [await set('anchors'), await set('positives')];
  const batches = (await stageBatches(db, experiment, await preparedData(db, experiment))).flat();
  const steps = batches.map((rows) => count(joinTokenBatches(pickTexts(anchors, rows), pickTexts(positives, rows))));
  const evaluations = [];
  for (const plan of plans) {
    const encoded = [];
    for (const key of ['knowledgeBase', 'devQuestions', 'testQuestions'] as const) {
      const texts = await set(key);
      encoded.push(...textBatchesByLength(texts.offsets, plan).map((batch) => count(pickTexts(texts, batch))));
    }
    evaluations.push(shareOf(encoded));
  }
  expect(steps.length).toBeGreaterThan(50);
  for (const step of steps) expect(shareOf([step])).toBeLessThan(0.03);
  expect(evaluations).toHaveLength(2);
  for (const share of evaluations) expect(share).toBeLessThan(0.03);
  await expectInEngineDoc(`${(100 * shareOf(steps)).toFixed(2)}% of the rows in the demo's training are padding`);
});
