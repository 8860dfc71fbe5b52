import { describe, expect, it } from 'vitest';
import type { RunEventBody } from '../../../src/domain/run';
import type { Stage } from '../../../src/domain/experiment';
import { AlarmWatch } from '../../../src/domain/train/alarmWatch';
import { hardestOfRows, hardestSoFar, isObserved, type HardPair } from '../../../src/domain/train/trainScores';
import { lossMaskBits } from '../../../workers/engine/losses/lossMask';
import type { ObservedVectors } from '../../../workers/services/train/batchObserver';
import { batchScores } from '../../../workers/services/train/batchScores';
import { viewAfter } from './runEvents';

const turned = (...angles: number[]): Float32Array =>
  Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));

/** Three rows of a batch of five, with one explicit negative each; all vectors are angles. */
const vectors: ObservedVectors = {
  ...{ rows: 3, width: 2, batchRows: 5, perAnchor: 1 },
  anchors: turned(0, 1, 2),
  positives: turned(0.1, 1.6, 2.1),
  negatives: turned(0.3, 1.1, 5),
};
const ids = ['a', 'b', 'c', 'd', 'e'];
const infoNce = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
const scoresOf = (loss: Stage['loss'], targets = {}) => batchScores(vectors, { loss, targets, ids });
const wrongOf = (loss: Stage['loss'], targets = {}) =>
  new Map(scoresOf(loss, targets).hardest.map(({ pairId, wrong }) => [pairId, wrong]));

describe('the scores of an observed batch', () => {
  it('are the mean cosines of each row’s own texts and of texts of different rows', () => {
    const { rows, right, others } = scoresOf(infoNce);
    const cosines = [0, 1, 2].map((a) => [0.1, 1.6, 2.1].map((c) => Math.cos(c - a)));
    const [mine, foreign] = [cosines.flatMap((of, i) => of[i] ?? NaN), cosines.flatMap((of, i) => of.toSpliced(i, 1))];
    expect(rows).toBe(3);
    expect(right).toBeCloseTo(mine.reduce((a, b) => a + b) / 3, 6);
    expect(others).toBeCloseTo(foreign.reduce((a, b) => a + b) / 6, 6);
  });

  it('name for each pair the best wrong text that InfoNCE contrasts it with, hardest pairs first', () => {
    const { hardest } = scoresOf(infoNce);
    expect(hardest.map(({ pairId }) => pairId)).toEqual(['b', 'a', 'c']);
    // Row b: its positive is 0.6 away, the negative of b 0.1.
    expect(hardest[0]?.wrong).toMatchObject({ pairId: 'b', negative: 0 });
    expect(hardest[0]?.hardness).toBeCloseTo(Math.cos(0.1) - Math.cos(0.6), 6);
    expect(wrongOf(infoNce).get('c')).toMatchObject({ pairId: 'b' });
    expect(wrongOf(infoNce).get('c')).not.toHaveProperty('negative');
    expect(wrongOf({ ...infoNce, contrast: 'own' }).get('c')).toMatchObject({ pairId: 'c', negative: 0 });
    expect(wrongOf({ ...infoNce, contrast: 'explicit' }).get('c')).toMatchObject({ pairId: 'b', negative: 0 });
  });

  it('leave out what the loss leaves out: known answers, and texts that score too high', () => {
    // Candidates of the whole batch: five positives, then the negatives of a to e. Row b leaves out its own negative.
    const leftOut = lossMaskBits([[], [6], [], [], []], 10);
    expect(wrongOf(infoNce, { leftOut }).get('b')).toMatchObject({ pairId: 'a', negative: 0 });
    const byScore = { kind: 'absolute', margin: 0 } as const;
    expect(wrongOf({ ...infoNce, falseNegatives: { byScore } }).get('b')).toMatchObject({ pairId: 'a', negative: 0 });
  });

  it('compare only with other passages, or only with own negatives, where the loss does', () => {
    const sigmoid = wrongOf({ kind: 'sigmoidPairs', temperature: 0.05 }).get('b');
    expect(sigmoid).toMatchObject({ pairId: 'a' });
    expect(sigmoid).not.toHaveProperty('negative');
    const triplet = wrongOf({ kind: 'triplet', distance: 'cosine', margin: 0.2 });
    for (const id of ['a', 'b', 'c']) expect(triplet.get(id)).toMatchObject({ pairId: id, negative: 0 });
  });

  it('rank the pairs of a distillation by how far their scores are from the teacher’s', () => {
    const loss = { kind: 'distillation', temperature: 0.5, teacherTemperature: 1 } as const;
    // The teacher agrees with row a only.
    const own = (row: number): number[] => [
      Math.cos([0.1, 0.6, 0.1][row] ?? NaN) / 0.5,
      Math.cos([0.3, 0.1, 3][row] ?? NaN) / 0.5,
    ];
    const values = Float32Array.from([...own(0), 3, 0, 0, 3, 0, 0, 0, 0]);
    const { hardest } = scoresOf(loss, { teacherScores: { values, shape: [5, 2] } });
    expect(hardest.map(({ pairId }) => pairId)).toEqual(['c', 'b', 'a']);
    expect(hardest[2]?.hardness).toBeCloseTo(0, 6);
    const share = (a: number, b: number): number => 1 / (1 + Math.exp(b - a));
    const [p, q] = [share(3, 0), share(...(own(1) as [number, number]))];
    expect(hardest[1]?.hardness).toBeCloseTo(p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q)), 5);
  });

  it('rank scored pairs by the distance to their score, or by how far they are on the wrong side of others', () => {
    const scores = Float32Array.of(0.9, 0.8, 0.1, 0, 0);
    const mse = scoresOf({ kind: 'cosineMse' }, { scores }).hardest;
    expect(mse.map(({ pairId }) => pairId)).toEqual(['c', 'a', 'b']);
    expect(mse[0]).toMatchObject({ score: Math.fround(0.1) });
    expect(mse[0]?.hardness).toBeCloseTo(Math.cos(0.1) - 0.1, 6);
    for (const kind of ['cosent', 'angle'] as const) {
      const { hardest } = scoresOf({ kind, temperature: 0.05 }, { scores });
      // Only b and c are in the wrong order; each is compared with two rows.
      for (const pair of hardest) {
        const gap = (Math.cos(0.1) - Math.cos(0.6)) / 2;
        expect(pair.hardness).toBeCloseTo(pair.pairId === 'a' ? 0 : gap, 6);
      }
      const equal = scoresOf({ kind, temperature: 0.05 }, { scores: new Float32Array(5) });
      expect(equal.hardest).toEqual([]);
    }
  });

  it('have no mean of others for a single row', () => {
    const one = { ...vectors, rows: 1, negatives: vectors.negatives.subarray(0, 2) };
    expect(batchScores(one, { loss: infoNce, ids }).others).toBeNull();
  });
});

describe('the hardest pairs of a run', () => {
  const pair = (pairId: string, hardness: number): HardPair => ({ pairId, cosine: 0, hardness });
  const seen = (step: number, stage: number, ...hardest: HardPair[]) => ({
    ...{ step, stage, rows: 4, right: 0.5, others: 0.1, hardest },
  });

  it('are those of the newest looks at the newest stage, each as it was last seen', () => {
    const observed = [
      seen(5, 0, pair('old', 9)),
      ...Array.from({ length: 11 }, (_, i) => seen(10 + 5 * i, 1, ...(i === 0 ? [pair('early', 8)] : []))),
      seen(70, 1, pair('a', 3), pair('b', 2)),
      seen(75, 1, pair('a', 1)),
    ];
    expect(hardestSoFar(observed)).toEqual([pair('b', 2), pair('a', 1)]);
    expect(hardestSoFar([])).toEqual([]);
  });

  it('are at most ten, without those whose numbers are not finite', () => {
    const rows = [pair('x', NaN), ...Array.from({ length: 12 }, (_, i) => pair(String(i), i))];
    expect(hardestOfRows(rows).map(({ hardness }) => hardness)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  it('are looked for at every fifth step, and at a hundredth of the steps of a long stage', () => {
    const looked = (steps: number): number[] =>
      Array.from({ length: steps }, (_, i) => i + 1).filter((step) => isObserved(step, steps));
    expect(looked(12)).toEqual([5, 10]);
    expect(looked(2000)).toHaveLength(100);
  });

  it('are dropped with the steps that a resumed run repeats', () => {
    const event = (step: number): RunEventBody => ({ type: 'trainScores', ...seen(step, 0, pair('a', step)) });
    const resumed = { type: 'resumed', step: 7, reached: 12 } as const;
    const view = viewAfter([0, event(5)], [1, event(10)], [2, resumed]);
    expect(view.trainScores.map(({ step }) => step)).toEqual([5]);
  });
});

describe('the collapse of a loss that reports no scores', () => {
  const step = (number: number, scores = {}): RunEventBody =>
    ({ type: 'step', step: number, stage: 0, loss: 1, gradientNorm: 1, ...scores }) as RunEventBody;
  const look = (number: number, right: number, others: number | null = right): RunEventBody => ({
    ...{ type: 'trainScores', step: number, stage: 0, rows: 8, right, others, hardest: [] },
  });
  const alarmsOf = (events: RunEventBody[]) => {
    const watch = new AlarmWatch('hitRateAt1');
    return events.flatMap((event) => watch.saw(event));
  };
  const looks = (...scores: number[]) => scores.flatMap((score, i) => [step(5 * i + 5), look(5 * i + 5, score)]);

  it('raises an alarm at the third look in a row with alike texts, once until it ceases', () => {
    expect(alarmsOf(looks(0.5, 0.96, 0.97, 0.98, 0.99))).toEqual([
      { step: 20, kind: 'collapse', steps: 11, positiveScore: 0.98, negativeScore: 0.98 },
    ]);
    expect(alarmsOf(looks(0.96, 0.97, 0.5, 0.96, 0.97))).toEqual([]);
    expect(alarmsOf(looks(0.96, 0.97, 0.98)).map(({ step: at }) => at)).toEqual([15]);
  });

  it('raises none while texts of different rows differ, or for a single row', () => {
    expect(alarmsOf([5, 10, 15].flatMap((at) => [step(at), look(at, 0.99, 0.2)]))).toEqual([]);
    expect(alarmsOf([5, 10, 15].flatMap((at) => [step(at), look(at, 0.99, null)]))).toEqual([]);
  });

  it('is left to the scores of the steps if the loss reports them', () => {
    const scored = { positiveScore: 0.99, negativeScore: 0.2 };
    expect(alarmsOf([5, 10, 15].flatMap((at) => [step(at, scored), look(at, 0.99)]))).toEqual([]);
  });

  it('counts the looks that a resumed run repeats once', () => {
    const [first = [], second = []] = [looks(0.96), looks(0.96, 0.97).slice(2)];
    const resumed = { type: 'resumed', step: 5, reached: 10 } as const;
    expect(alarmsOf([...first, ...second, resumed, ...second])).toEqual([]);
  });
});
