import { expect, test } from 'vitest';
import { checkpointIntervalMs } from '../../../src/domain/train/checkpointInterval';

test('steps wait for checkpoints for at most 5% of a run, and quick writes come at most every 15 s', () => {
  expect(checkpointIntervalMs(13_000)).toBe(260_000);
  expect(checkpointIntervalMs(60_000)).toBe(1_200_000);
  expect(checkpointIntervalMs(10)).toBe(15_000);
});

test('a slow write during which steps continue leaves at most five minutes of work at risk', () => {
  expect(checkpointIntervalMs(5000, 1000)).toBe(100_000);
  expect(checkpointIntervalMs(60_000, 1000)).toBe(300_000);
});
