import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import golden from '../fixtures/engine/losses.json';
import { infoNceSchema } from '../../src/domain/train/lossSchema';
import { lossMaskBits } from '../../workers/engine/losses/lossMask';
import { lossParamsOf } from '../../workers/engine/losses/infoNceOptions';
import { engineKinds, useEngines } from './engines';
import { seededRandom } from './random';
import { lossMaskValues } from '../reference/engine/losses/lossMask';
import { distance, norm } from './differences';
import { kernelsOf, reference, width, type Losses, type Matrix, type Measured } from './lossRuns';

useEngines();

const kernels = engineKinds.map((kind) => [`kernels (${kind})`, kernelsOf(kind)] as const);
const all: readonly (readonly [string, Losses])[] = [...kernels, ['the tfjs reference', reference]];
const matrix = (values: readonly number[]): Matrix => ({
  values: Float32Array.from(values),
  rows: values.length / width,
});

function expectGolden(own: Measured, expected: { loss: number; gradients: number[][] }): void {
  expect(own.numbers[0]).toBeCloseTo(expected.loss, 5);
  expected.gradients.forEach((gradient, i) =>
    expect(distance(own.gradients[i] ?? [], gradient)).toBeLessThanOrEqual(1e-4 * norm(gradient)),
  );
}

describe.each(all)('losses computed by %s', (_, losses) => {
  const [anchors, candidates] = [matrix(golden.infoNce.anchors), matrix(golden.infoNce.candidates)];
  const { temperature } = golden;

  it.each(['queryToPassage', 'both'] as const)(
    'match sentence-transformers for InfoNCE with explicit negatives (%s)',
    async (directions) => {
      const own = await losses.infoNce(anchors, candidates, { temperature, directions });
      expectGolden(own, golden.infoNce[directions]);
    },
  );

  it('match sentence-transformers for InfoNCE with pairs left out', async () => {
    const leftOut = lossMaskBits(golden.infoNce.leftOut, candidates.rows);
    const own = await losses.infoNce(anchors, candidates, { temperature, directions: 'both' }, leftOut);
    expectGolden(own, golden.infoNce.bothLeftOut);
  });

  it('match sentence-transformers for CoSENT with some equal scores', async () => {
    const { first, second, scores } = golden.cosent;
    const own = await losses.cosent(matrix(first), matrix(second), Float32Array.from(scores), temperature);
    expectGolden(own, golden.cosent);
  });
});

describe.each(kernels)('InfoNCE with options computed by %s', (_, losses) => {
  const { sets, cases } = golden.infoNceOptions;

  it.each(cases.map((one) => [one.name, one] as const))('matches sentence-transformers: %s', async (_name, one) => {
    const set = sets[one.perAnchor];
    const [anchors, candidates] = [matrix(set?.anchors ?? []), matrix(set?.candidates ?? [])];
    const stated = { kind: 'inBatchInfoNce', temperature: golden.temperature, directions: 'queryToPassage' };
    const { kind: _kind, ...options } = v.parse(infoNceSchema, { ...stated, ...one.options });
    const leftOut = one.known && lossMaskBits(one.known, candidates.rows);
    const own = options.matryoshka
      ? await losses.prefixes(anchors, candidates, options, leftOut)
      : await losses.infoNce(anchors, candidates, options, leftOut);
    expectGolden(own, one);
  });
});

describe.each(kernels)('losses computed by %s', (_, losses) => {
  const random = seededRandom(31);
  const below = (limit: number): number => Math.floor(random() * limit);
  const draw = (rows: number): Matrix => matrix(Array.from({ length: rows * width }, () => 2 * random() - 1));
  const expectSame = (own: Measured, expected: Measured): void => {
    expect(distance(own.numbers, expected.numbers)).toBeLessThan(1e-5 * (1 + norm(expected.numbers)));
    expected.gradients.forEach((gradient, i) =>
      expect(distance(own.gradients[i] ?? [], gradient)).toBeLessThanOrEqual(1e-4 * norm(gradient) + 1e-6),
    );
  };

  it.each([
    ['queryToPassage', 5, 5, 0],
    ['both', 70, 70, 0],
    ['both', 1, 1, 0],
    ['both', 33, 100, 9],
    ['queryToPassage', 3, 65, 40],
    ['both', 2, 2, 1],
  ] as const)(
    'match the reference for InfoNCE (%s), anchors: %i, candidates: %i, left out per anchor: at most %i',
    async (directions, B, C, out) => {
      const [anchors, candidates] = [draw(B), draw(C)];
      const rows = Array.from({ length: B }, () => Array.from({ length: below(out + 1) }, () => below(C)));
      const leftOut = out > 0 ? lossMaskBits(rows, C) : undefined;
      const options = { temperature: 0.2, directions };
      const own = await losses.infoNce(anchors, candidates, options, leftOut);
      expectSame(own, await reference.infoNce(anchors, candidates, options, leftOut));
    },
  );

  it.each([
    ['queryToPassage', 130, 130, 0],
    ['both', 200, 333, 12],
    ['both', 70, 201, 0],
  ] as const)(
    'have the same bits for InfoNCE (%s) in windows of any size, anchors: %i, candidates: %i, left out: at most %i',
    async (directions, B, C, out) => {
      const [anchors, candidates] = [draw(B), draw(C)];
      const rows = Array.from({ length: B }, () => Array.from({ length: below(out + 1) }, () => below(C)));
      const leftOut = out > 0 ? lossMaskBits(rows, C) : undefined;
      const options = { temperature: 0.05, directions };
      const whole = await losses.infoNce(anchors, candidates, options, leftOut);
      for (const maxScores of [1, 64 * C, 128 * C])
        expect(await losses.infoNce(anchors, candidates, { ...options, maxScores }, leftOut)).toEqual(whole);
    },
  );

  it('have the same bits for InfoNCE with all options in windows of any size, and when computed again', async () => {
    const [B, C] = [130, 390];
    const [anchors, candidates] = [draw(B), draw(C)];
    candidates.values.set(anchors.values.map((x, i) => x + (candidates.values[i] ?? NaN)));
    const known = lossMaskBits(
      Array.from({ length: B }, () => [below(C), below(C)]),
      C,
    );
    const options = {
      temperature: 0.05,
      directions: 'both',
      softmax: 'joint',
      sameSide: 'both',
      hardness: { mode: 'all', strength: 3 },
      falseNegatives: { byScore: { kind: 'relative', margin: 0.3 } },
      contrast: 'own',
    } as const;
    const whole = await losses.infoNce(anchors, candidates, options, known);
    expect(whole.numbers.every(Number.isFinite)).toBe(true);
    for (const maxScores of [2 ** 23, 1, 64 * B, 64 * C, 128 * C])
      expect(await losses.infoNce(anchors, candidates, { ...options, maxScores }, known)).toEqual(whole);
  });

  it('ignore the terms within a side if the batch has a single pair', async () => {
    const [anchors, candidates] = [draw(1), draw(1)];
    const plain = { temperature: 0.05, directions: 'queryToPassage' } as const;
    const own = await losses.infoNce(anchors, candidates, { ...plain, softmax: 'joint', sameSide: 'both' });
    expect(own.numbers[0]).toBe(0);
    expect(own.gradients.every((gradient) => gradient.every((x) => Math.abs(x) < 1e-6))).toBe(true);
  });

  it.each([1, 2, 40, 130])('match the reference for CoSENT, number of pairs: %i', async (pairs) => {
    const [first, second] = [draw(pairs), draw(pairs)];
    const scores = Float32Array.from({ length: pairs }, () => below(7) / 6);
    const own = await losses.cosent(first, second, scores, 0.05);
    expectSame(own, await reference.cosent(first, second, scores, 0.05));
  });

  it('match the reference at a temperature at which scores are beyond the range of exp', async () => {
    const [anchors, candidates] = [draw(12), draw(12)];
    // Each anchor is close to its own candidate, so its score is nearly 1 / 0.005 = 200; exp(89) overflows.
    candidates.values.set(anchors.values.map((x, i) => x + 0.1 * (candidates.values[i] ?? NaN)));
    const options = { temperature: 0.005, directions: 'both' } as const;
    const own = await losses.infoNce(anchors, candidates, options);
    expectSame(own, await reference.infoNce(anchors, candidates, options));
    const scores = Float32Array.from({ length: 12 }, () => below(7) / 6);
    const second = draw(12);
    const ordered = await losses.cosent(anchors, second, scores, 0.005);
    expectSame(ordered, await reference.cosent(anchors, second, scores, 0.005));
  });

  it('are zero for CoSENT if all scores are equal, and so are their gradients', async () => {
    const own = await losses.cosent(draw(3), draw(3), Float32Array.of(0.5, 0.5, 0.5), 0.05);
    expect(own.numbers).toEqual([0, 1]);
    expect(own.gradients.every((gradient) => gradient.every((x) => Math.abs(x) === 0))).toBe(true);
  });
});

describe('the params of InfoNCE', () => {
  it('are refused if options need explicit negatives but anchors have different numbers of them', () => {
    const options = { temperature: 0.05, directions: 'queryToPassage' } as const;
    expect(lossParamsOf(options, 2, 5, 0)).toMatchObject({ contrast: 0 });
    for (const other of [{ contrast: 'own' }, { sameSide: 'passages' }] as const)
      expect(() => lossParamsOf({ ...options, ...other }, 2, 5, 0)).toThrow(RangeError);
  });
});

describe('the bit mask of pairs left out', () => {
  it('contains each listed pair, but never an anchor with its own positive', () => {
    const bits = lossMaskBits([[33, 0, 33], [1], [2, 31]], 34);
    expect(bits.shape).toEqual([3, 2]);
    const values = lossMaskValues(bits, 34);
    expect([...values.keys()].filter((i) => values[i] === 1)).toEqual([33, 2 * 34 + 31]);
    expect(() => lossMaskBits([[34]], 34)).toThrow(RangeError);
  });
});
