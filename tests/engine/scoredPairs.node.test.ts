import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { stepBatch } from '../../workers/services/train/stepBatch';

it('gives a step of scored pairs the scores of its rows', () => {
  const set = { key: '', ids: Int32Array.of(1, 2, 3), offsets: Uint32Array.of(0, 1, 2, 3), truncated: 0 };
  const scores = Float32Array.of(0.25, 0.5, 1);
  expect(stepBatch({ anchors: set, positives: set }, [2, 0], { scores }).targets?.scores).toEqual(
    Float32Array.of(1, 0.25),
  );
});
