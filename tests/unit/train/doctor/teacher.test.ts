import { expect, it } from 'vitest';
import { experimentWith, factsWith, found } from './patient';

it('a teacher that is the base model is a warning, in the stage that names it and whatever its settings', () => {
  const { model } = experimentWith();
  if (!model) throw new Error('no model');
  const taughtBy = (contentSha256: string) => ({
    loss: { kind: 'distillation', temperature: 0.05, teacher: { ...model, contentSha256, maxTokens: 64 } } as const,
    negatives: { from: 'random', perAnchor: 2 } as const,
  });
  const experiment = experimentWith(taughtBy('b'.repeat(64)), taughtBy(model.contentSha256));
  expect(found('teacherIsBase', experiment, factsWith())).toEqual([
    { kind: 'teacherIsBase', severity: 'warns', stage: 1, facts: {} },
  ]);
  const unchosen = { loss: { kind: 'distillation', temperature: 0.05 } } as const;
  expect(found('teacherIsBase', { ...experimentWith(unchosen), model: null }, factsWith())).toEqual([]);
});
