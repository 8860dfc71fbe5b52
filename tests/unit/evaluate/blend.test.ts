import { describe, expect, it } from 'vitest';
import golden from '../../fixtures/engine/blend.json';
import { bestBlend, blendRefusal, blendsDiffer, blendTensors, offeredRatios } from '../../../src/domain/evaluate/blend';
import { blendMoment, probeMoment, probeOfMoment, ratioOfMoment } from '../../../src/domain/evaluate/blendMoment';
import { parseBlend } from '../../../src/domain/evaluate/blendFile';
import { AppError } from '../../../src/domain/errors';
import { defaultStage } from '../../../src/domain/experiment';
import { parseExperimentFile } from '../../../src/domain/experimentFile';
import { evaluationOf, runRecord } from '../storage/support';

const floats = (bits: number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);
const pathOf = (parse: () => unknown): string | undefined => {
  try {
    parse();
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.details.kind === 'experiment-invalid') return thrown.details.path;
    throw thrown;
  }
  return undefined;
};

describe('a blend of two tensors', () => {
  it.each(golden.blends)('has the same bits as with numpy at ratio $ratio', ({ ratio, bits }) => {
    const blended = blendTensors(floats(golden.base), floats(golden.tuned), ratio);
    expect([...new Uint32Array(blended.buffer)]).toEqual(bits);
  });

  it('leaves a tensor that is equal on both sides unchanged, at any ratio', () => {
    const frozen = floats(golden.base);
    for (let i = 0; i <= 100; i++) expect(blendTensors(frozen, frozen, i / 100)).toEqual(frozen);
  });
});

describe('the key of a blend’s evaluation', () => {
  it('holds the ratio exactly, and is that of the run’s own evaluations at both ends', () => {
    expect([blendMoment(0), blendMoment(-0), blendMoment(1)]).toEqual(['before', 'before', 'after']);
    for (const ratio of [...offeredRatios.many, ...offeredRatios.few, 1 / 3, 1e-9, 0, 1])
      expect(ratioOfMoment(blendMoment(ratio))).toBe(ratio);
  });

  it('is recognised only in the form in which it is written', () => {
    for (const moment of ['', 'blend', 'blend 0', 'blend 1', 'blend 0.50', 'blend 2', 'blend -0.5', 'blend NaN', 'now'])
      expect(ratioOfMoment(moment)).toBeNull();
  });

  it('names the probe set that it is on', () => {
    const sha256 = '0a'.repeat(32);
    for (const ratio of [0, 0.25, 1]) {
      const moment = probeMoment(ratio, sha256);
      expect([ratioOfMoment(moment), probeOfMoment(moment), probeOfMoment(blendMoment(ratio))]).toEqual([
        ...[ratio, sha256, null],
      ]);
    }
    for (const moment of ['before on', `before on ${'0'.repeat(63)}`, `blend 2 on ${sha256}`, ` on ${sha256}`])
      expect(ratioOfMoment(moment)).toBeNull();
  });
});

describe('the best blend', () => {
  const point = (ratio: number, hitRateAt1: number, mrrAt10 = 0) => ({
    ratio,
    metrics: { ...evaluationOf('r').metrics, hitRateAt1, mrrAt10 },
  });

  it('is the one with the best primary metric, then the best MRR@10, then the most tuned', () => {
    const points = [
      point(0, 0.2),
      point(0.3, 0.6, 0.7),
      point(0.5, 0.6, 0.8),
      point(0.7, 0.6, 0.8),
      point(1, 0.5, 0.9),
    ];
    expect(bestBlend(points, 'hitRateAt1')?.ratio).toBe(0.7);
    expect(bestBlend(points, 'mrrAt10')?.ratio).toBe(1);
    expect(bestBlend([], 'mrrAt10')).toBeNull();
  });

  it('is null if neither the primary metric nor MRR@10 tells the blends apart', () => {
    expect(blendsDiffer([], 'hitRateAt1')).toBe(false);
    expect(blendsDiffer([point(0, 0.6, 0.7), point(1, 0.6, 0.7)], 'hitRateAt1')).toBe(false);
    expect(blendsDiffer([point(0, 0.6, 0.7), point(1, 0.6, 0.8)], 'hitRateAt1')).toBe(true);
    expect(blendsDiffer([point(0, 0.5, 0.7), point(1, 0.6, 0.7)], 'hitRateAt1')).toBe(true);
  });
});

describe('blending the weights of a run', () => {
  it('is refused if the run trained a prefix, is not done, or keeps no weights', () => {
    const run = runRecord('r', 'e', { status: 'done' });
    expect(blendRefusal(run)).toBeNull();
    expect(blendRefusal({ ...run, trial: true })).toMatchObject({ kind: 'not-found', what: 'checkpoint' });
    expect(blendRefusal({ ...run, status: 'paused' })).toMatchObject({ kind: 'not-found', what: 'checkpoint' });
    const prefix = { ...defaultStage(), strategy: { kind: 'prefix', tokens: 2, side: 'queries' } as const };
    const experiment = { ...run.experiment, stages: [defaultStage(), prefix] };
    expect(blendRefusal({ ...run, experiment })).toEqual({ kind: 'blend-has-prefix', stage: 1 });
  });
});

describe('`blend` of an experiment file', () => {
  it('states the ratios to evaluate, the one to export, or both', () => {
    expect(parseBlend({ ratios: [0, 0.5, 1] })).toEqual({ ratios: [0, 0.5, 1] });
    expect(parseBlend({ export: 0.7 })).toEqual({ ratios: [], export: 0.7 });
    expect(parseBlend({ ratios: [0.5], export: 'bestDev' })).toEqual({ ratios: [0.5], export: 'bestDev' });
  });

  it.each([
    [{ ratios: [0.5, 1.1] }, 'blend.ratios.1'],
    [{ ratios: [-0.1] }, 'blend.ratios.0'],
    [{ ratios: ['0.5'] }, 'blend.ratios.0'],
    [{ ratios: [0.5, 0.2, 0.5] }, 'blend.ratios.2'],
    [{ ratios: [] }, 'blend.ratios'],
    [{}, 'blend.ratios'],
    [{ export: 1.5 }, 'blend.export'],
    [{ export: 'best' }, 'blend.export'],
    [{ ratios: [0.5], test: true }, 'blend.test'],
    [0.5, 'blend'],
    [null, 'blend'],
  ])('%j is refused with the path %s', (given, path) => {
    expect(pathOf(() => parseExperimentFile({ blend: given }))).toBe(path);
  });

  it('is not part of the experiment', () => {
    const [plain, blended] = [parseExperimentFile({}), parseExperimentFile({ blend: { ratios: [0.5] } })];
    expect(blended.experiment).toEqual(plain.experiment);
    expect([plain.blend, blended.blend]).toEqual([null, { ratios: [0.5] }]);
  });

  it('is refused beside a sweep or a comparison, and so are these two beside each other', () => {
    const sweep = [{ setting: 'seed', values: [1, 2] }];
    const compare = 'negatives';
    const blend = { ratios: [0.5] };
    expect(pathOf(() => parseExperimentFile({ sweep, blend }))).toBe('blend');
    expect(pathOf(() => parseExperimentFile({ compare, blend }))).toBe('blend');
    expect(pathOf(() => parseExperimentFile({ sweep, compare }))).toBe('compare');
  });
});
