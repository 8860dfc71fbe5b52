import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  isInside,
  nearestPoint,
  placeAmong,
  pointsInBox,
  pointsInside,
} from '../../../src/domain/evaluate/mapGeometry';
import { mapColours, markOf, shapeOf, topicColours, topicsOf, type Mark } from '../../../src/domain/evaluate/mapMarks';
import { umapNeighbours } from '../../../workers/services/evaluate/mapNeighbours';
import { projectMap } from '../../../workers/services/evaluate/projectMap';

const positions = Float32Array.from([0, 0, 2, 0, 0, 2, 2, 2, 1, 1]);

describe('the geometry of a map', () => {
  it('finds the points in a box and in a lasso, also one that is not convex', () => {
    expect(boundsOf(positions)).toEqual({ left: 0, top: 0, right: 2, bottom: 2 });
    expect(boundsOf(new Float32Array())).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
    expect(pointsInBox(positions, { left: 0, top: 0, right: 1, bottom: 2 })).toEqual([0, 2, 4]);
    // A "V" that leaves out the point between its arms.
    const lasso = [
      [-1, -1],
      [3, -1],
      [3, 5],
      [1, 0.5],
      [-1, 5],
    ] as const;
    expect(pointsInside(positions, lasso)).toEqual([0, 1, 2, 3]);
    expect(isInside(1, 0.4, lasso)).toBe(true);
    expect(pointsInside(positions, [])).toEqual([]);
  });

  it('finds the nearest point within reach, of equal ones the last', () => {
    expect(nearestPoint(positions, 0.9, 1.2, 0.5)).toBe(4);
    expect(nearestPoint(positions, 9, 9, 0.5)).toBeNull();
    expect(nearestPoint(Float32Array.from([1, 1, 1, 1]), 1, 1, 0.5)).toBe(1);
  });

  it('places a point at the weighted mean of its neighbours, at one of them if their vectors are equal', () => {
    const [x, y] = placeAmong(
      [
        { point: 1, cosine: 0.5 },
        { point: 2, cosine: 0.75 },
      ],
      positions,
    );
    expect(x).toBeCloseTo(2 / 3, 4);
    expect(y).toBeCloseTo(4 / 3, 4);
    const [same] = placeAmong(
      [
        { point: 3, cosine: 1 },
        { point: 0, cosine: 0.5 },
      ],
      positions,
    );
    expect(same).toBeCloseTo(2, 4);
    expect(placeAmong([], positions)).toEqual([0, 0]);
  });
});

describe('the marks of questions', () => {
  const result = (rank: number) => ({ ranks: [rank] });
  const results = new Map([
    ['a', result(1)],
    ['b', result(4)],
  ]);
  const before = new Map([
    ['a', result(3)],
    ['b', result(2)],
  ]);
  const topics = topicsOf([{ topic: 'x' }, { topic: 'y' }, { topic: 'y' }, { topic: null }]);
  const mark = (id: string, colour: 'correct' | 'gain' | 'topic', topic: string | null = null) =>
    markOf({ id, topic }, colour, { results, before, topics });

  it('tell right from wrong, better from worse, and the topics by their size', () => {
    expect([mark('a', 'correct'), mark('b', 'correct'), mark('c', 'correct')]).toEqual(['up', 'down', 'same']);
    expect([mark('a', 'gain'), mark('b', 'gain'), mark('c', 'gain')]).toEqual(['up', 'down', 'same']);
    expect(topics).toEqual(['y', 'x']);
    expect([mark('a', 'topic', 'y'), mark('a', 'topic', 'x'), mark('a', 'topic')]).toEqual([
      'topic-0',
      'topic-1',
      'same',
    ]);
  });
});

describe('the shape of a mark', () => {
  it.each(mapColours)('is its own among all marks of the colouring by "%s"', (colour) => {
    const topics = Array.from({ length: topicColours }, (_, i): Mark => `topic-${i}`);
    const marks: Mark[] = ['passage', 'same', ...(colour === 'topic' ? topics : (['up', 'down'] as const))];
    expect(new Set(marks.map(shapeOf)).size).toBe(marks.length);
  });
});

describe('the projection of a map', () => {
  /** Two groups of points whose neighbours are all in their own group. */
  const groups = Array.from({ length: 40 }, (_, point) =>
    Array.from({ length: 20 }, (_unused, i) => ({ point: (point < 20 ? 0 : 20) + i, cosine: 0.5 + 0.02 * i })),
  );
  const nothing = (): Promise<void> => Promise.resolve();

  it('puts a point first among its own neighbours, even if equal vectors have pushed it out', () => {
    const { indices, distances } = umapNeighbours(
      [
        [
          { point: 1, cosine: 1 },
          { point: 2, cosine: 0.75 },
        ],
      ],
      3,
    );
    expect([indices, distances]).toEqual([[[0, 1, 2]], [[0, 0, 0.25]]]);
  });

  it('is the same for the same seed and keeps groups apart', async () => {
    const first = await projectMap(groups, 7, nothing);
    expect(await projectMap(groups, 7, nothing)).toEqual(first);
    expect(await projectMap(groups, 8, nothing)).not.toEqual(first);
    const centre = (from: number) =>
      [0, 1].map(
        (axis) =>
          first.filter((_, i) => i % 2 === axis && i >= 2 * from && i < 2 * from + 40).reduce((a, b) => a + b, 0) / 20,
      );
    const [one, two] = [centre(0), centre(20)];
    expect(Math.hypot((one[0] ?? 0) - (two[0] ?? 0), (one[1] ?? 0) - (two[1] ?? 0))).toBeGreaterThan(2);
  });

  it('tells that it prepares before it knows the number of epochs', async () => {
    const seen: [number, number][] = [];
    await projectMap(groups, 7, (done, of) => {
      seen.push([done, of]);
      return Promise.resolve();
    });
    expect(seen.slice(0, 3)).toEqual([
      [0, 0],
      [0, 500],
      [5, 500],
    ]);
  });

  it('can be cancelled between epochs, and places too few points for it on a circle', async () => {
    await expect(projectMap(groups, 7, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled');
    const two = await projectMap(groups.slice(0, 2), 7, nothing);
    expect([...two].map((value) => Math.round(value))).toEqual([1, 0, -1, 0]);
  });
});
