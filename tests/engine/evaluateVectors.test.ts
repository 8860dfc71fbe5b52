import { beforeAll, expect, it } from 'vitest';
import { passageOrder, shownPassages } from '../../src/domain/evaluate/ranking';
import { defaultExperiment } from '../../src/domain/experiment';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { EncodedTexts } from '../../workers/services/evaluate/encodedTexts';
import { evaluateVectors, searchQuestions } from '../../workers/services/evaluate/evaluateVectors';
import { openTestDevice } from './testDevice';

beforeAll(openTestDevice);

/** Returns unit vectors in the plane at these angles, in degrees. */
function atAngles(angles: readonly number[]): EncodedTexts {
  const vectors = new EncodedTexts(angles.length, 2);
  const rad = (angle: number): number => (angle * Math.PI) / 180;
  angles.forEach((angle, i) => vectors.set([i], Float32Array.of(Math.cos(rad(angle)), Math.sin(rad(angle)))));
  return vectors;
}

it('an evaluation ranks the passages of a knowledge base whose ids are in no order, and equal scores by id', async () => {
  // Both m and b are at 30°, so their scores are equal.
  const passages = [
    ['z', 0],
    ['m', 30],
    ['a', 90],
    ['b', 30],
    ['10', 60],
    ['9', 180],
  ] as const;
  const order = passageOrder(passages.map(([id]) => ({ id })));
  const questions = [
    { id: 'q0', text: '', relevant: ['m', 'a'] },
    { id: 'q1', text: '', relevant: ['9'] },
    { id: 'q2', text: '', relevant: ['z', '10', 'b'] },
  ];
  const evaluation = await evaluateVectors(
    deviceEngine(),
    {
      runId: 'r',
      part: 'test',
      moment: 'before',
      experiment: defaultExperiment(),
      questions,
      order,
      questionVectors: atAngles([5, 175, 50]),
      passageVectors: atAngles(passages.map(([, angle]) => angle)),
      encodeMs: 1,
    },
    () => Promise.resolve(),
  );
  const top = evaluation.results.map(({ top }) => top.map(({ passageId }) => passageId));
  expect(top).toEqual([
    ['z', 'b', 'm', '10', 'a', '9'],
    ['9', 'a', '10', 'b', 'm', 'z'],
    ['10', 'b', 'm', 'a', 'z', '9'],
  ]);
  expect(evaluation.results.map(({ ranks }) => ranks)).toEqual([[3, 5], [1], [1, 2, 5]]);
  expect(evaluation.metrics).toMatchObject({ hitRateAt1: 2 / 3, questions: 3, passages: 6 });
  expect(evaluation.metrics.mrrAt10).toBeCloseTo((1 / 3 + 1 + 1) / 3, 12);
});

it('a search keeps as many passages as asked for its rankings, and for the results only those that are shown', async () => {
  const angles = Array.from({ length: 2 * shownPassages }, (_, i) => (i * 7) % 20);
  const order = passageOrder(angles.map((_, i) => ({ id: `p${i}` })));
  const { results, rankings } = await searchQuestions(
    deviceEngine(),
    {
      questions: [{ id: 'q', text: '', relevant: ['p0'] }],
      order,
      questionVectors: atAngles([0]),
      passageVectors: atAngles(angles),
      depth: shownPassages + 3,
    },
    () => Promise.resolve(),
  );
  const nearest = angles.map((_, i) => i).sort((a, b) => (angles[a] ?? 0) - (angles[b] ?? 0));
  expect(rankings).toEqual([nearest.slice(0, shownPassages + 3)]);
  expect(results[0]?.top.map(({ passageId }) => passageId)).toEqual(
    nearest.slice(0, shownPassages).map((i) => `p${i}`),
  );
});
