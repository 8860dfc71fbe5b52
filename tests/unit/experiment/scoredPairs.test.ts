import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { lossKindsFor, lossOfKind, temperatureOf, withTemperature } from '../../../src/domain/train/lossSchema';
import { withData } from '../../../src/domain/train/withData';

const cosent = { kind: 'cosent', temperature: 0.05 } as const;
const onScores = { data: 'scoredPairs', loss: cosent } as const;

function faultOf(stage: object): unknown {
  try {
    return parseExperiment({ stages: [stage] });
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.details : thrown;
  }
}

describe('a stage that trains on scored pairs', () => {
  it.each([
    ['data', '"sentences"', { data: 'sentences' }],
    ['data', '"scoredPairs"', { data: 'scoredPairs' }],
    ['data', undefined, { loss: cosent }],
    ['loss.temperature', '0', { ...onScores, loss: { ...cosent, temperature: 0 } }],
    ['loss.temperature', undefined, { ...onScores, loss: { kind: 'cosineMse', temperature: 0.05 } }],
    ['negatives', undefined, { ...onScores, negatives: { from: 'random', perAnchor: 1 } }],
    ['batching.kind', '"listed"', { ...onScores, batching: { kind: 'listed', sha256: 'a'.repeat(64) } }],
  ])('is rejected with the path %s of a wrong field', (path, found, stage) => {
    const fault = { kind: 'experiment-invalid', path: `stages.0.${path}` };
    expect(faultOf(stage)).toMatchObject(found === undefined ? fault : { ...fault, found });
  });

  it('has version 2, and pairs are left out as the data of a stage', () => {
    const scored = parseExperiment({ stages: [onScores] });
    expect([scored.schemaVersion, scored.stages[0]?.data, scored.stages[0]?.loss]).toEqual([2, 'scoredPairs', cosent]);
    expect(parseExperiment({ stages: [{ data: 'pairs' }] })).toEqual(defaultExperiment());
  });

  it('returns to the default stage, and loses negatives, when pairs are chosen again', () => {
    const negatives = { from: 'random', perAnchor: 2 } as const;
    const scored = withData({ ...defaultStage(), negatives }, 'scoredPairs');
    expect(parseExperiment({ stages: [scored] }).stages).toEqual([scored]);
    expect(scored.negatives).toBeUndefined();
    expect(withData(scored, 'pairs')).toEqual(defaultStage());
  });

  it('has each loss of scored pairs, with a temperature except in the mean squared error', () => {
    const kinds = lossKindsFor('scoredPairs');
    expect(kinds).toEqual(['cosent', 'angle', 'cosineMse']);
    for (const kind of kinds) {
      const loss = withTemperature(lossOfKind(kind, cosent), 0.02);
      expect(parseExperiment({ stages: [{ ...onScores, loss }] }).stages[0]?.loss).toEqual(loss);
      expect(temperatureOf(loss)).toBe(kind === 'cosineMse' ? null : 0.02);
    }
    expect(lossOfKind('inBatchInfoNce', { kind: 'cosineMse' })).toEqual(defaultStage().loss);
  });
});
