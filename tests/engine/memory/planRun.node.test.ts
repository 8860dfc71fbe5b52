import { describe, expect, it } from 'vitest';
import { maxQuestionsPerSearch } from '../../../workers/engine/retrieval/search';
import { evaluationShape, type EvaluationShape } from '../../../workers/engine/memory/evaluationMemory';
import { encodingTokens } from '../../../workers/engine/memory/encodingMemory';
import { maxEncodingTokens } from '../../../workers/engine/memory/encodingMemory';
import { guideBytes } from '../../../workers/engine/memory/guideMemory';
import { encodingRowBytes } from '../../../workers/engine/memory/rowBytes';
import { parameterCount } from '../../../workers/engine/memory/parameterCount';
import { planRun, type RunPlanRequest } from '../../../workers/engine/memory/planRun';
import { scratchBytes } from '../../../workers/engine/scratch';
import { loraMatrices } from '../../../src/domain/train/loraSchema';
import { bertBase as config } from '../configs';

const GiB = 2 ** 30;
const count = parameterCount(config);
const pairs = 640;
const offsets = (length: number) => ({ offsets: Uint32Array.from({ length: pairs + 1 }, (_, i) => i * length) });
const batchesOf = (size: number): number[][] =>
  Array.from({ length: Math.floor(pairs / size) }, (_, step) =>
    Array.from({ length: size }, (_, i) => step * size + i),
  );

const evaluation: EvaluationShape = { longest: 256, searches: [{ questions: 100, relevant: 100, passages: 1000 }] };

function request(budgetGiB: number, sizes: number[]): RunPlanRequest {
  return {
    config,
    parameters: { all: count, trained: count },
    limits: { budgetBytes: budgetGiB * GiB, arrayBytes: 2 * GiB },
    maxTokens: 256,
    tokens: Array.from({ length: 16 }, () => ({ anchors: offsets(20), positives: offsets(256) })),
    batches: sizes.map(batchesOf),
    evaluation,
    atBatchSize: (_, size) => (size <= pairs ? batchesOf(size) : null),
  };
}

describe('the memory plan of a run', () => {
  it('has a step strategy for each stage and reports the stage with the most tokens', () => {
    const plan = planRun(request(3, [8, 64]));
    expect(plan.run.ways.map(({ kind }) => kind)).toEqual(['plain', 'gradCache']);
    expect(plan.shape).toEqual({ pairs: 64, candidates: 64, tokens: 64 * 276, longest: 256 });
    expect(plan.choice.stepStrategy).toEqual(plan.run.ways[1]);
    expect(plan.proposal).toEqual({});
  });

  it('lists smaller and larger batches and shorter texts as alternatives, including the current settings', () => {
    const { alternatives, choice } = planRun(request(4, [64]));
    expect(alternatives.map(({ batchSize, maxTokens }) => [batchSize, maxTokens])).toEqual(
      [256, 128, 64].flatMap((maxTokens) => [32, 64, 128, 256].map((batchSize) => [batchSize, maxTokens])),
    );
    expect(alternatives.find((one) => one.batchSize === 64 && one.maxTokens === 256)?.choice).toEqual(choice);
    const shortest = alternatives.find((one) => one.batchSize === 32 && one.maxTokens === 64);
    expect(shortest?.choice.stepStrategy).toEqual({ kind: 'plain', tokensPerPass: 32 * 84 });
  });

  it('counts a copy of weights and moments for checkpoints only if it fits beside the same step strategies', () => {
    const snapshot = 12 * count;
    const roomy = planRun(request(64, [8, 64]));
    const { need } = roomy.choice;
    expect(roomy.run.snapshotBytes).toBe(snapshot);
    expect(need).toMatchObject({
      snapshot,
      total: need.weights + need.gradients + need.moments + need.activations + snapshot,
    });
    const exact = planRun({ ...request(0, [8, 64]), limits: { budgetBytes: need.total, arrayBytes: 2 * GiB } });
    expect(exact.choice).toEqual(roomy.choice);
    const tight = planRun({ ...request(0, [8, 64]), limits: { budgetBytes: need.total - 1, arrayBytes: 2 * GiB } });
    expect(tight.run).not.toHaveProperty('snapshotBytes');
    expect(tight.run.ways).toEqual(roomy.run.ways);
    expect(tight.choice.need).toEqual({ ...need, snapshot: 0, total: need.total - snapshot });
  });

  it('leaves room for the copy while texts are encoded', () => {
    const limits = { budgetBytes: planRun(request(64, [1])).choice.need.total, arrayBytes: 2 * GiB };
    const { run } = planRun({ ...request(0, [1]), limits });
    const { snapshotBytes = 0, encodingTokens: tokens } = run;
    expect(snapshotBytes).toBeGreaterThan(0);
    const bytes = 16 * count + scratchBytes + tokens * encodingRowBytes(config) + snapshotBytes;
    expect(bytes).toBeLessThanOrEqual(limits.budgetBytes);
  });

  it('counts an average of the weights as a third table of the optimizer', () => {
    const [plain, averaged] = [planRun(request(64, [64])), planRun({ ...request(64, [64]), averaged: [true] })];
    expect(averaged.choice.need.moments).toBe(1.5 * plain.choice.need.moments);
    expect(averaged.run.snapshotBytes).toBe(16 * count);
    expect(averaged.choice.need.total - plain.choice.need.total).toBe(8 * count);
    const limits = { budgetBytes: plain.choice.need.total - 12 * count, arrayBytes: 2 * GiB };
    expect(planRun({ ...request(0, [64]), limits }).run.ways).toMatchObject([{ kind: 'plain' }]);
    expect(planRun({ ...request(0, [64]), limits, averaged: [true] }).run.ways).toMatchObject([{ kind: 'recompute' }]);
    expect(planRun({ ...request(64, [64, 64]), averaged: [false, true] }).run.snapshotBytes).toBe(16 * count);
  });

  it('lists no batch size larger than the number of pairs', () => {
    expect(planRun(request(4, [320])).alternatives.map(({ batchSize }) => batchSize)).not.toContain(1280);
  });

  it('proposes settings that fit if the current ones do not', () => {
    const at = (change: Partial<RunPlanRequest>) => planRun({ ...request(1.62, [64]), ...change });
    const { choice, proposal } = at({});
    expect(choice.fits).toBe(false);
    const { maxTokens = NaN, batchSize = NaN } = proposal;
    expect(maxTokens).toBeLessThan(256);
    expect(at({ batches: [batchesOf(batchSize)] }).choice.fits).toBe(true);
    const cut = { anchors: offsets(20), positives: offsets(maxTokens) };
    expect(at({ tokens: [cut, cut], maxTokens }).choice.fits).toBe(true);
  });

  it('counts half the activations and an extra half-precision copy of the matrices only for mixed stages', () => {
    const full = planRun(request(64, [64]));
    const mixed = planRun({ ...request(64, [64]), precisions: ['mixed'] });
    // 12 layers of 4·768² + 2·768·3072 numbers at 2 bytes each.
    expect(mixed.choice.need.weights - full.choice.need.weights).toBe(2 * 84_934_656);
    expect(mixed.choice.need.activations / full.choice.need.activations).toBeGreaterThan(0.5);
    expect(mixed.choice.need.activations / full.choice.need.activations).toBeLessThan(0.51);
    expect(mixed.choice.need.moments).toBe(full.choice.need.moments);
    const { ways } = planRun({ ...request(2.6, [64, 64]), precisions: ['full', 'mixed'] }).run;
    expect(ways.map(({ kind }) => kind)).toEqual(['gradCache', 'recompute']);
  });

  it('proposes mixed precision for a full-precision stage if the device has it and the stage then fits', () => {
    const at = (change: Partial<RunPlanRequest>) => planRun({ ...request(2.3, [64]), ...change });
    const long = { anchors: offsets(20), positives: offsets(2048) };
    const evaluated = { ...evaluation, longest: 2048 };
    const given = { tokens: [long, long], maxTokens: 2048, evaluation: evaluated, offersHalf: true };
    const { choice, proposal } = at(given);
    expect(choice.fits).toBe(false);
    expect(proposal.mixedStage).toBe(0);
    expect(at({ ...given, precisions: ['mixed'] }).choice.fits).toBe(true);
    expect(at({ ...given, offersHalf: false }).proposal).not.toHaveProperty('mixedStage');
    expect(planRun({ ...request(1, [64]), offersHalf: true }).proposal).toEqual({});
  });

  it('proposes mixed precision only if all other stages fit already', () => {
    const long = { anchors: offsets(20), positives: offsets(2048) };
    const evaluated = { ...evaluation, longest: 2048 };
    const given = { tokens: [long, long], maxTokens: 2048, evaluation: evaluated, offersHalf: true };
    const at = (sizes: number[]) => planRun({ ...request(2.3, sizes), ...given });
    expect(at([64]).proposal.mixedStage).toBe(0);
    expect(at([64, 64]).proposal).not.toHaveProperty('mixedStage');
    const short = { anchors: offsets(20), positives: offsets(64) };
    const fitting = planRun({ ...request(2.3, [64, 8]), ...given, tokens: [long, short] });
    expect(fitting.proposal.mixedStage).toBe(0);
  });

  it('proposes a batch size and a limit only if all stages then fit', () => {
    const at = (change: Partial<RunPlanRequest>) => planRun({ ...request(1.62, [64, 64]), ...change });
    const { proposal } = at({});
    expect(proposal.batchSize).toBe(planRun(request(1.62, [64])).proposal.batchSize);
    const listed = at({ atBatchSize: (stage, size) => (stage === 0 ? batchesOf(size) : null) });
    expect(listed.choice.fits).toBe(false);
    expect(listed.proposal).not.toHaveProperty('batchSize');
    expect(listed.proposal.maxTokens).toBe(proposal.maxTokens);
  });

  it('plans gradients, moments and the checkpoint copy of each stage for what it trains', () => {
    const biases = 12 * 8448 + 768;
    const { choice, run } = planRun({ ...request(64, [64]), trained: [biases] });
    const full = planRun(request(64, [64]));
    expect(choice.need.moments).toBe(8 * biases);
    expect(choice.need.gradients).toBe(4 * biases);
    expect(choice.need.moments).toBeLessThan(0.02 * full.choice.need.moments);
    expect(run.snapshotBytes).toBe(4 * count + 8 * biases);
    const mixed = planRun({ ...request(64, [64, 64]), trained: [biases, count] });
    expect(mixed.choice).toEqual(full.choice);
    expect(mixed.run.snapshotBytes).toBe(12 * count);
  });

  it('refuses to train all of BERT-base in a small budget and proposes BitFit and LoRA, which fit, with their needs', () => {
    const trainedBiases = 12 * 8448 + 768;
    const adapters = { floats: 12 * 2 * 8 * 9216, rank: 8, dropout: 0, matrices: [...loraMatrices] };
    const given = { ...request(1, [64]), trainedBiases, usualAdapters: adapters };
    const { choice, proposal } = planRun(given);
    expect(choice).toMatchObject({ fits: false, shortage: { limit: 'budget', limitBytes: GiB } });
    const bitFit = planRun({ ...given, trained: [trainedBiases] }).choice;
    const lora = planRun({ ...given, trained: [0], adapters: [adapters] }).choice;
    expect([bitFit.fits, lora.fits]).toEqual([true, true]);
    expect(proposal).toEqual({
      bitFit: bitFit.need.total - bitFit.need.snapshot,
      lora: lora.need.total - lora.need.snapshot,
    });
    expect(planRun({ ...given, limits: request(0.3, [64]).limits }).proposal).toEqual({});
  });

  it('applies a lower token limit to the texts of the evaluation, too', () => {
    const evaluated = { ...evaluation, longest: 4000 };
    const at = (change: Partial<RunPlanRequest>) =>
      planRun({ ...request(1.7, [2]), maxTokens: 4000, evaluation: evaluated, ...change });
    const { choice, proposal } = at({});
    expect(choice.fits).toBe(false);
    const { maxTokens = NaN } = proposal;
    expect(at({ maxTokens }).choice.fits).toBe(true);
    expect(at({ maxTokens: maxTokens + 4 }).choice.fits).toBe(false);
  });

  it('counts a guide that encodes before the run, and in each step its vectors and a window of its scores', () => {
    const stated = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
    const plain = planRun({ ...request(64, [64]), losses: [stated] });
    expect(plain.run).not.toHaveProperty('guideTokens');
    const small = { config: { ...config, layers: 2, hiddenSize: 256 }, longest: 256 };
    const guided = planRun({ ...request(64, [64]), losses: [stated], guides: [small] });
    const more = guided.choice.need.activations - plain.choice.need.activations;
    expect(more).toBe(4 * (64 * 64 + 2 * 64 * 256));
    expect(guided.run.guideTokens).toBeGreaterThanOrEqual(256);

    const large = { config: { ...config, layers: 192 }, longest: 256 };
    const { choice } = planRun({ ...request(64, [8]), losses: [stated], guides: [large] });
    const { need } = choice;
    expect(need.total - need.snapshot).toBe(guideBytes(large));
    const tight = { budgetBytes: need.total - need.snapshot - 1, arrayBytes: 2 * GiB };
    const refused = planRun({ ...request(0, [8]), limits: tight, losses: [stated], guides: [large] });
    expect(refused.choice).toMatchObject({
      fits: false,
      shortage: { limit: 'budget', neededBytes: guideBytes(large) },
    });
  });

  it('counts a teacher that encodes before the run, but in a step only its scores, whatever the length of its vectors', () => {
    const stated = { kind: 'distillation', temperature: 0.05 } as const;
    const at = (change: Partial<RunPlanRequest>) => planRun({ ...request(64, [64]), losses: [stated], ...change });
    const wide = { config: { ...config, layers: 2, hiddenSize: 4096 }, longest: 256 };
    const [alone, taught] = [at({}), at({ guides: [wide] })];
    expect(taught.choice.need.activations).toBe(alone.choice.need.activations);
    expect(taught.run.guideTokens).toBeGreaterThanOrEqual(256);
    const large = { config: { ...config, layers: 192 }, longest: 256 };
    const { need } = at({ batches: [batchesOf(8)], guides: [large] }).choice;
    expect(need.total - need.snapshot).toBe(guideBytes(large));
  });

  it('rejects a stage without steps', () => {
    expect(() => planRun({ ...request(4, [64]), batches: [[]] })).toThrow('experiment-invalid');
  });
});

describe('the token limit of encoding batches', () => {
  const tokensIn = (budgetGiB: number, longest = 256): number =>
    encodingTokens(
      config,
      { all: count, trained: count },
      { longest },
      { budgetBytes: budgetGiB * GiB, arrayBytes: 2 * GiB },
    );

  it('is the fastest size if memory allows, and otherwise fills the memory left', () => {
    // A product of the feed-forward network takes 2·768·3072 FLOPs per token, and may take at most 20 GFLOP.
    expect(tokensIn(16)).toBe(4236);
    expect(maxEncodingTokens({ ...config, hiddenSize: 128, intermediateSize: 512 })).toBe(16_384);
    const held = 16 * count + scratchBytes;
    expect(held + tokensIn(1.7) * encodingRowBytes(config)).toBeLessThanOrEqual(1.7 * GiB);
    expect(held + (tokensIn(1.7) + 4) * encodingRowBytes(config)).toBeGreaterThan(1.7 * GiB);
    expect(tokensIn(1, 57)).toBe(128);
    expect(tokensIn(1, 701)).toBe(704);
  });
});

describe('the shape of an evaluation', () => {
  it('includes the longest of all texts and one search per group of questions', () => {
    const questions = Array.from({ length: maxQuestionsPerSearch + 2 }, (_, i) => ({
      id: `${i}`,
      text: '',
      relevant: i < maxQuestionsPerSearch ? ['a'] : ['a', 'b'],
    }));
    const texts = [[0, 3, 40], [0, 7], [0]].map((offsets) => ({ offsets: Uint32Array.from(offsets) }));
    expect(evaluationShape(9, [questions, []], texts)).toEqual({
      longest: 37,
      searches: [
        { questions: maxQuestionsPerSearch, relevant: maxQuestionsPerSearch, passages: 9 },
        { questions: 2, relevant: 4, passages: 9 },
      ],
    });
  });
});
