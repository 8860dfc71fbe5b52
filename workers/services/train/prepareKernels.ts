import { shownPassages } from '../../../src/domain/evaluate/ranking';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import { trainedBy } from '../../../src/domain/train/trainedParameters';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import type { Engine } from '../../engine/engine';
import { AdamWState } from '../../engine/model/adamWState';
import { encodeBatch } from '../../engine/model/encode';
import { encodingPlan } from '../../engine/model/encodingPlan';
import { ParameterStore } from '../../engine/model/parameterStore';
import { WeightAverage } from '../../engine/model/weightAverage';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { maxQuestionsPerSearch, search } from '../../engine/retrieval/search';
import { searchBlocks } from '../../engine/retrieval/searchBlocks';
import type { Vectors } from '../../engine/retrieval/vectors';
import { Trainer } from '../../engine/trainer';
import { pickTexts, textBatchesByLength } from '../evaluate/encodeTexts';
import type { RunSessionOnDevice } from './runSession';
import { stageTokens } from './runTokens';
import { adapterPlans } from './adapterPlans';
import { openLoss } from './openLoss';
import { trainerOptions } from './trainModel';
import type { TokenizedNegatives } from '../negatives/stageNegatives';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { negativesOf, scoresOfStage, stepBatch } from './stepBatch';

/**
 * Compiles the kernels of a run on WebGPU in the background, all at once. To find them, records an encoding, a search
 * and a step on an engine that runs nothing. Encodings and steps are recorded with the fewest and with the most tokens,
 * because kernels are chosen by the number of rows.
 */
export async function prepareKernels(session: RunSessionOnDevice, batches: number[][][]): Promise<void> {
  await webGpuOf(session.engine)?.prepareKernels(async (engine) => {
    const { experiment, model } = session;
    const trainedIn = experiment.stages.map(trainedBy);
    const parameters = new ParameterStore(engine, model.tensors, trainedIn, adapterPlans(experiment, model));
    await recordEncoding(session, engine, parameters);
    await recordSearch(session, engine);
    for (const [stageIndex, ofStage] of batches.entries())
      if (stageIndex >= (session.firstStage ?? 0)) await recordSteps(session, parameters, stageIndex, ofStage);
  });
}

async function recordEncoding(
  { model, settings, record, tokens, devSample }: RunSessionOnDevice,
  engine: Engine,
  parameters: ParameterStore,
): Promise<void> {
  const plan = encodingPlan(engine.traits, model.config, record.memory?.encodingTokens);
  const options = { pooling: settings.pooling, normalize: true };
  const sampled = devSample ? [pickTexts(tokens.knowledgeBase, devSample.rows)] : [];
  for (const texts of [tokens.knowledgeBase, ...sampled, tokens.dev, tokens.test]) {
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
  if (!stage) return;
  const tokens = stageTokens(session, stageIndex);
  const loop = { bestDev: null, bestStep: null, elapsedMs: 0 };
  const { loss, close } = await openLoss(parameters.segments.engine, stage);
  const options = trainerOptions(session, stage, { loop }, { stageIndex, begin: 0, loss });
  parameters.beginStage(stageIndex);
  const { adapters } = parameters;
  const adamW = new AdamWState(parameters, stageIndex);
  const average = stage.ema && new WeightAverage(parameters, stageIndex, stage.ema.decay);
  const trainer = new Trainer({ ...options, adapters, average }, parameters.segments, adamW.segments);
  const negatives = session.negatives[stageIndex];
  const scores = scoresOfStage(stage, session.data);
  const small = batches.flatMap((rows) => batchesOfStep(rows, stage.batching));
  for (const rows of smallestAndLargest(small, [tokens.anchors, tokens.positives], negatives)) {
    const batch = stepBatch(tokens, rows, { negatives, scores, ...session.frozen?.[stageIndex] });
    // A second batch adds to the gradients of the first. Some kernels have a separate variant for that.
    trainer.begin(batch, 0, 1, small.length > batches.length ? [batch] : []);
    await trainer.finish();
  }
  parameters.mergeAdapters();
  trainer.dispose();
  close();
  adamW.dispose();
  average?.dispose();
  releaseIdleMemory(parameters.segments.engine);
}

/** Returns the batches with the fewest and the most tokens, counting all sets and explicit negatives. */
function smallestAndLargest(
  batches: readonly number[][],
  sets: readonly Pick<TokenSet, 'offsets'>[],
  negatives?: TokenizedNegatives | null,
): number[][] {
  const tokensIn = ({ offsets }: Pick<TokenSet, 'offsets'>, texts: readonly number[]): number =>
    texts.reduce((tokens, text) => tokens + (offsets[text + 1] ?? 0) - (offsets[text] ?? 0), 0);
  const tokensOf = (batch: readonly number[]): number =>
    sets.reduce((sum, set) => sum + tokensIn(set, batch), 0) +
    (negatives ? tokensIn(negatives.tokens, negativesOf(batch, negatives)) : 0);
  let [smallest, largest] = [batches[0], batches[0]];
  let [fewest, most] = [Infinity, 0];
  for (const batch of batches) {
    const tokens = tokensOf(batch);
    if (tokens < fewest) [fewest, smallest] = [tokens, batch];
    if (tokens > most) [most, largest] = [tokens, batch];
  }
  return [...new Set([smallest, largest])].flatMap((batch) => (batch ? [batch] : []));
}
