import { expect, it, vi } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import { openLoss } from '../../../workers/services/train/openLoss';

const loaded = vi.hoisted((): string[] => []);
vi.mock(import('../../../workers/losses/vectorLossOf'), async (original) => {
  loaded.push('losses');
  return original();
});

it('tfjs losses are loaded only when a stage uses one', async () => {
  const engine = {} as never;
  const fused = await openLoss(engine, defaultStage());
  expect(fused.loss.numbers[0]).toBe('loss');
  fused.close();
  expect(loaded).toEqual([]);
  const inTfjs = await openLoss(engine, { loss: { kind: 'sigmoidPairs', temperature: 0.05 } });
  inTfjs.close();
  expect(loaded).toEqual(['losses']);
});
