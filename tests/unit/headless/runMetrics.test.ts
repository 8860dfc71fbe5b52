import { expect, it, vi } from 'vitest';
import type { RunEvent } from '../../../src/domain/run';

vi.mock('../../../src/state/gateway', () => ({ gateway: {} }));
const { repeatedSteps } = await import('../../../src/headless/runMetrics');

const stepEvents = (...steps: number[]): RunEvent[] => steps.map((step) => ({ type: 'step', step }) as RunEvent);

it('metrics.json counts the steps that a resumed run trained again', () => {
  expect(repeatedSteps(stepEvents(1, 2, 3))).toBeNull();
  expect(repeatedSteps(stepEvents(1, 2, 3, 4, 3, 4, 5))).toEqual({ count: 2, first: 3, last: 4 });
  expect(repeatedSteps(stepEvents(1, 2, 3, 3, 4, 3, 4))).toEqual({ count: 3, first: 3, last: 4 });
});
