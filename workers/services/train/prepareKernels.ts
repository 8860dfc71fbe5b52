import { shownPassages } from '../../../src/domain/evaluate/ranking';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { deviceWebGpu } from '../../engine/device';
import type { Engine } from '../../engine/engine';
import { AdamWState } from '../../engine/model/adamWState';
import { encodeBatch } from '../../engine/model/encode';
import { encodingPlan } from '../../engine/model/encodingPlan';
import { ParameterStore } from '../../engine/model/parameterStore';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { maxQuestionsPerSearch, search } from '../../engine/retrieval/search';
import { searchBlocks } from '../../engine/retrieval/searchBlocks';
import type { Vectors } from '../../engine/retrieval/vectors';
import { Trainer } from '../../engine/trainer';
import { pickTexts, textBatchesByLength } from '../evaluate/encodeTexts';
import type { RunSessionOnDevice } from './runSession';
import { trainerOptions } from './trainModel';
import { stepBatch } from './stepBatch';

/**
 * Compiles the kernels of a run on WebGPU in the background, all at once. To find them, records an encoding, a search
 * and a step on an engine that runs nothing. Encodings and steps are recorded with the fewest and with the most tokens,
 * because kernels are chosen by the number of rows.
 */
export async function prepareKernels(session: RunSessionOnDevice, batches: number[][][]): Promise<void> {
  await deviceWebGpu()?.prepareKernels(async (engine) => {
    const parameters = new ParameterStore(engine, session.model.tensors);
    await recordEncoding(session, engine, parameters);
    await recordSearch(session, engine);
    for (const [stageIndex, ofStage] of batches.entries()) await recordSteps(session, parameters, stageIndex, ofStage);
  });
}

async function recordEncoding(
  { model, settings, record, tokens }: RunSessionOnDevice,
  engine: Engine,
  parameters: ParameterStore,
): Promise<void> {
  const plan = encodingPlan(engine.traits, model.config, record.memory?.encodingTokens);
  const options = { pooling: settings.pooling, normalize: true };
  for (const texts of [tokens.knowledgeBase, tokens.dev, tokens.test]) {
    const batches = textBatchesByLength(texts.offsets, plan);
    for (const batch of smallestAndLargest(batches, [texts]))
      await encodeBatch(parameters, model.config, pickTexts(texts, batch), options);
  }
  releaseIdleMemory(engine);
}

async function recordSearch({ model, data }: RunSessionOnDevice, engine: Engine): Promise<void> {
  const zeros = (count: number): Vectors => ({ count, width: model.config.hiddenSize, copyRow: () => undefined });
  for (const questions of [data.dev.length, data.test.length]) {
    const count = Math.min(questions, maxQuestionsPerSearch);
    const blocks = searchBlocks(model.config.hiddenSize, { queries: count, passages: data.knowledgeBase.length });
    const passages = zeros(Math.min(data.knowledgeBase.length, blocks.passages));
    const targets = Array.from({ length: count }, () => [0]);
    await search(engine, { queries: zeros(count), passages, targets, k: shownPassages, blocks });
  }
  releaseIdleMemory(engine);
}

async function recordSteps(
  session: RunSessionOnDevice,
  parameters: ParameterStore,
  stageIndex: number,
  batches: readonly number[][],
): Promise<void> {
  const stage = session.experiment.stages[stageIndex];
  const tokens = session.stageTokens[stageIndex];
  if (!stage || !tokens) return;
  const loop = { bestDev: null, bestStep: null, elapsedMs: 0 };
  const options = trainerOptions(session, stage, { loop }, { stageIndex, begin: 0 });
  const adamW = new AdamWState(parameters);
  const trainer = new Trainer(options, parameters.segments, adamW.segments);
  for (const batch of smallestAndLargest(batches, [tokens.anchors, tokens.positives]))
    await trainer.step(stepBatch(tokens, batch), 0, 1);
  trainer.dispose();
  adamW.dispose();
  releaseIdleMemory(parameters.segments.engine);
}

/** Returns the batches with the fewest and the most tokens over all sets together. */
function smallestAndLargest(batches: readonly number[][], sets: readonly Pick<TokenSet, 'offsets'>[]): number[][] {
  const tokensOf = (batch: readonly number[]): number =>
    sets.reduce(
      (sum, { offsets }) =>
        batch.reduce((tokens, text) => tokens + (offsets[text + 1] ?? 0) - (offsets[text] ?? 0), sum),
      0,
    );
  let [smallest, largest] = [batches[0], batches[0]];
  let [fewest, most] = [Infinity, 0];
  for (const batch of batches) {
    const tokens = tokensOf(batch);
    if (tokens < fewest) [fewest, smallest] = [tokens, batch];
    if (tokens > most) [most, largest] = [tokens, batch];
  }
  return [...new Set([smallest, largest])].flatMap((batch) => (batch ? [batch] : []));
}
