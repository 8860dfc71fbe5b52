import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import { hasListedBatches, readBatchList } from '../../../src/domain/train/batchList';
import { countedSteps } from '../../../src/domain/train/countedSteps';
import { countPairs, type PairCounts } from '../../../src/domain/train/pairCounts';
import { batchShortage, runRefusal } from '../../../src/domain/train/runRefusal';
import { scoreFault } from '../../../src/domain/train/scoreFault';

const seeded = (batchSize: number, avoidDuplicatePassages = true): Stage['batching'] => ({
  kind: 'seeded',
  batchSize,
  avoidDuplicatePassages,
});
const listed: Stage['batching'] = { kind: 'listed', sha256: '0'.repeat(64) };
const experimentWith = (...batchings: Stage['batching'][]) => ({
  ...defaultExperiment(),
  stages: batchings.map((batching) => ({ ...defaultStage(), batching })),
});
const countsOf = (pairs: number, passages = pairs, anchors = pairs) => ({ pairs, passages, anchors });
/** Counts of training rows: these pairs, and no scored pairs unless given. */
const trained = (pairs: PairCounts, scored = 0) => ({ pairs, scoredPairs: countsOf(scored) });
const plenty = trained(countsOf(100));
const batch = (size: number, avoidDuplicatePassages = true) => ({ batching: seeded(size, avoidDuplicatePassages) });

describe('the counts of pairs', () => {
  it('are those of all pairs, of different passages and of different anchors', () => {
    const pair = (anchor: string, positive: string) => ({ id: '', anchor, positive });
    expect(countPairs([pair('a', 'x'), pair('a', 'y'), pair('b', 'x'), pair('c', 'x')])).toEqual({
      pairs: 4,
      passages: 2,
      anchors: 3,
    });
  });
});

describe('the shortage of a batch', () => {
  it('is none if exactly enough pairs, passages and anchors are there', () => {
    expect(batchShortage(batch(16), 0, { pairs: 16, passages: 16, anchors: 16 })).toBeNull();
  });

  it('counts pairs, then whichever of passages and anchors there are fewer of', () => {
    const short = { kind: 'too-few-pairs', batchSize: 16 };
    const counts = { pairs: 20, passages: 20, anchors: 20 };
    expect(batchShortage(batch(16), 0, { ...counts, pairs: 15 })).toEqual({ ...short, pairs: 15 });
    const [passages, anchors] = [
      { ...short, pairs: 9, distinct: 'passages' },
      { ...short, pairs: 8, distinct: 'anchors' },
    ];
    expect(batchShortage(batch(16), 0, { ...counts, passages: 9 })).toEqual(passages);
    expect(batchShortage(batch(16), 0, { ...counts, passages: 9, anchors: 9 })).toEqual(passages);
    expect(batchShortage(batch(16), 0, { ...counts, passages: 9, anchors: 8 })).toEqual(anchors);
  });

  it('does not matter if equal texts may share a batch, or if the batches are listed', () => {
    expect(batchShortage(batch(16, false), 0, { pairs: 16, passages: 1, anchors: 1 })).toBeNull();
    expect(batchShortage({ batching: listed }, 0, { pairs: 1, passages: 1, anchors: 1 })).toBeNull();
  });
});

describe('a run', () => {
  it('is refused without test questions, or if any of its stages has too little data', () => {
    expect(runRefusal(experimentWith(seeded(16)), plenty, 1)).toBeNull();
    expect(runRefusal(experimentWith(seeded(16)), plenty, 0)).toEqual({ kind: 'nothing-to-evaluate', part: 'test' });
    expect(runRefusal(experimentWith(seeded(16), seeded(128)), plenty, 1)).toEqual({
      kind: 'too-few-pairs',
      pairs: 100,
      batchSize: 128,
    });
  });
});

describe('a stage that trains on scored pairs', () => {
  const loss = { kind: 'cosent', temperature: 0.05 } as const;
  const stage = { ...batch(16), data: 'scoredPairs', loss } as const;
  const rows = (...scores: number[]) => scores.map((score, i) => ({ id: `s${i}`, anchor: 'a', positive: 'b', score }));

  it('needs enough scored pairs for a batch, whatever the number of pairs and of different texts', () => {
    const experiment = { ...defaultExperiment(), stages: [{ ...defaultStage(), ...stage }] };
    const refusal = { kind: 'too-few-scored-pairs', stage: 0, pairs: 15, batchSize: 16 };
    expect(runRefusal(experiment, trained(countsOf(100), 15), 1)).toEqual(refusal);
    expect(runRefusal(experiment, trained(countsOf(0), 16), 1)).toBeNull();
    expect(batchShortage(stage, 0, countsOf(16, 1, 1))).toBeNull();
  });

  it('is refused if a score is not a number or out of range, or if all scores are equal in single precision', () => {
    expect(scoreFault(stage, 1, rows(0, 0.5, -3))).toBeNull();
    const fault = { kind: 'scores-unusable', stage: 1 };
    expect(scoreFault(stage, 1, rows(0, 1e7))).toEqual({ ...fault, id: 's1', found: '10000000', largest: 1e6 });
    expect(scoreFault(stage, 1, rows(NaN, 1))).toEqual({ ...fault, id: 's0', found: 'NaN', largest: 1e6 });
    expect(scoreFault(stage, 1, rows(0.5, 0.5 + 1e-9))).toEqual({ ...fault, equal: 0.5 });
    expect(scoreFault(defaultStage(), 1, rows(0.5, 0.5))).toBeNull();
    const reached = { ...stage, loss: { kind: 'cosineMse' } } as const;
    expect(scoreFault(reached, 1, rows(-1, 1))).toBeNull();
    expect(scoreFault(reached, 1, rows(0, 5))).toEqual({ ...fault, id: 's1', found: '5', largest: 1 });
  });

  it('counts its steps from the scored pairs and never leaves rows out of an epoch', () => {
    const stages = [{ ...stage, duration: { unit: 'epochs', value: 1 } as const }];
    expect(countedSteps(stages, trained(countsOf(100, 3, 3), 64))).toEqual({ steps: 4, atMost: false });
  });
});

describe('the steps that can be counted without planning batches', () => {
  const epochs = { unit: 'epochs', value: 2 } as const;
  const steps = { unit: 'steps', value: 7 } as const;

  it('are added up over the stages', () => {
    const stages = [
      { batching: seeded(10), duration: epochs },
      { batching: seeded(10), duration: steps },
    ];
    expect(countedSteps(stages, plenty)).toEqual({ steps: 20 + 7, atMost: false });
  });

  it('are a maximum if an epoch may leave out pairs with repeated texts', () => {
    const count = (batching: Stage['batching'], duration: Stage['duration'], passages: number, anchors: number) =>
      countedSteps([{ batching, duration }], trained(countsOf(100, passages, anchors)))?.atMost;
    expect(count(seeded(10), epochs, 99, 100)).toBe(true);
    expect(count(seeded(10), epochs, 100, 99)).toBe(true);
    expect(count(seeded(10, false), epochs, 99, 99)).toBe(false);
    expect(count(seeded(10), steps, 99, 99)).toBe(false);
    const later = [
      { batching: seeded(10), duration: epochs },
      { batching: seeded(10), duration: steps },
    ];
    expect(countedSteps(later, trained(countsOf(100, 99, 99)))?.atMost).toBe(true);
  });

  it('are unknown if a stage lists its batches', () => {
    expect(
      countedSteps(
        [
          { batching: seeded(10), duration: epochs },
          { batching: listed, duration: epochs },
        ],
        plenty,
      ),
    ).toBeNull();
  });
});

describe('a listed batch order', () => {
  it('is a list of steps, each of at least two rows', () => {
    expect(
      readBatchList([
        [0, 1],
        [3, 2, 1],
      ]),
    ).toEqual({
      batches: [
        [0, 1],
        [3, 2, 1],
      ],
    });
  });

  it.each<[string, unknown, string]>([
    ['no list', { 0: [0, 1] }, ''],
    ['no steps', [], ''],
    ['a step of one row', [[0, 1], [2]], '1'],
    ['a step that is not a list', [7], '0'],
    ['a negative row', [[0, -1]], '0.1'],
    [
      'half a row',
      [
        [0, 1],
        [1.5, 2],
      ],
      '1.0',
    ],
    ['a row that is text', [['0', 1]], '0.0'],
  ])('is refused at the place of the first error: %s', (_, json, wrongAt) => {
    expect(readBatchList(json)).toEqual({ wrongAt });
  });

  it('makes the experiment one with listed batches, whichever stage has it', () => {
    expect(hasListedBatches(experimentWith(seeded(16), listed))).toBe(true);
    expect(hasListedBatches(experimentWith(seeded(16), seeded(16)))).toBe(false);
  });
});
