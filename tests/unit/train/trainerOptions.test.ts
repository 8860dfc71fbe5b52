import { describe, expect, it } from 'vitest';
import { defaultStage, type Stage } from '../../../src/domain/experiment';
import { infoNceLoss } from '../../../workers/engine/losses/infoNce';
import { trainerOptions } from '../../../workers/services/train/trainModel';

describe('the options of a stage’s trainer', () => {
  const loss = infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' });
  const session = {
    experiment: { seed: 11 },
    settings: { pooling: 'cls' },
    model: { config: { layers: 3 } },
    record: { memory: { ways: [{ kind: 'plain' }, { kind: 'recompute' }] } },
    engine: { traits: {} },
  };
  const optionsOf = (stage: Partial<Stage>, loop: object = {}, changes: object = {}) =>
    trainerOptions(
      { ...session, ...changes } as never,
      { ...defaultStage(), ...stage },
      { loop: loop as never },
      { stageIndex: 1, begin: 7, loss },
    );

  it('are those of the stage, the experiment and the model', () => {
    const { optimizer } = defaultStage();
    expect(optionsOf({ dropout: 0.3 })).toEqual({
      ...{
        loss,
        optimizer,
        dropout: 0.3,
        config: { layers: 3 },
        pooling: 'cls',
        seed: 11,
        stepsBefore: 7,
      },
      ...{ lossScale: undefined, matrices: undefined, stepStrategy: { kind: 'recompute' } },
    });
  });

  it('have in mixed precision the loss scale of the checkpoint, or the first one', () => {
    expect(optionsOf({ precision: 'mixed' }).lossScale).toEqual({ scale: 65_536, goodSteps: 0, skipped: 0 });
    const lossScale = { scale: 8, goodSteps: 1, skipped: 2 };
    expect(optionsOf({ precision: 'mixed' }, { lossScale }).lossScale).toBe(lossScale);
    expect(optionsOf({}, { lossScale }).lossScale).toBeUndefined();
  });

  it('have matrix units only if the stage asks for them', () => {
    const units = { fragment: { rows: 8, columns: 8, depth: 8 }, subgroupSize: 32, memoryBytes: 1 };
    const engine = { plan: { matrices: units.fragment }, traits: { matrixUnits: [units] } };
    expect(optionsOf({ precision: 'mixed-matrices' }, {}, { engine }).matrices).toBe(units);
    expect(optionsOf({ precision: 'mixed' }, {}, { engine }).matrices).toBeUndefined();
  });
});
