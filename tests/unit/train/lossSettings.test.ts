import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/domain/errors';
import { defaultExperiment, defaultStage, type Experiment, type Stage } from '../../../src/domain/experiment';
import { experimentHash } from '../../../src/domain/experimentHash';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { lossRefusal } from '../../../src/domain/train/lossRefusal';
import { negativesPerQuestion } from '../../../src/domain/train/negativesPerQuestion';
import {
  infoNceSchema,
  withDistillationChange,
  withImportedScores,
  withLossChange,
  withTemperature,
} from '../../../src/domain/train/lossSchema';
import { defaultMined } from '../../../src/domain/train/negativesSchema';
import { prefixText, readPrefixes } from '../../../src/domain/train/prefixList';
import { KnownAnswers } from '../../../src/domain/train/knownAnswers';

const settings = { pooling: 'mean', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
const frozen = { contentSha256: 'a'.repeat(64), ...settings };
const withLoss = (loss: object): object => ({ stages: [{ loss }] });
const parsed = (loss: object): Experiment => parseExperiment(withLoss(loss));
const lossOf = ({ stages }: Experiment): Stage['loss'] | undefined => stages[0]?.loss;
function fault(loss: object): unknown {
  try {
    return parsed(loss);
  } catch (thrown) {
    return (thrown as AppError).details;
  }
}

describe('the options of InfoNCE in an experiment', () => {
  it('leave version and hash of an experiment unchanged if it states only their absence', async () => {
    const stated = parsed({
      contrast: 'batch',
      softmax: 'perDirection',
      hardness: { mode: 'all', strength: 0 },
      falseNegatives: { known: false },
    });
    expect(stated).toEqual(defaultExperiment());
    expect(stated.schemaVersion).toBe(1);
    expect(await experimentHash(stated)).toBe(await experimentHash(defaultExperiment()));
    expect(parsed({ softmax: 'joint' })).toEqual(defaultExperiment());
  });

  it.each([
    { contrast: 'own' },
    { inBatchNegatives: 3 },
    { directions: 'both', softmax: 'joint' },
    { softmax: 'joint', sameSide: 'queries' },
    { hardness: { mode: 'inBatch', strength: 9 } },
    { falseNegatives: { known: true } },
    { falseNegatives: { byScore: { kind: 'relative', margin: 0.05 } } },
    { matryoshka: [{ dimension: 64, weight: 1 }] },
  ])('make the experiment version 2 and are kept: %j', async (loss) => {
    const experiment = parsed(loss);
    expect(experiment.schemaVersion).toBe(2);
    expect(lossOf(experiment)).toMatchObject(loss);
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(await experimentHash(experiment)).not.toBe(await experimentHash(defaultExperiment()));
  });

  it.each([
    [{ contrast: 'mine' }, 'contrast'],
    [{ contrast: 'own', inBatchNegatives: 3 }, 'contrast'],
    [{ inBatchNegatives: 0 }, 'inBatchNegatives'],
    [{ inBatchNegatives: 1.5 }, 'inBatchNegatives'],
    [{ sameSide: 'both' }, 'softmax'],
    [{ hardness: { mode: 'all', strength: -1 } }, 'hardness.strength'],
    [{ hardness: { mode: 'all', strength: 101 } }, 'hardness.strength'],
    [{ hardness: { strength: 1 } }, 'hardness.mode'],
    [{ falseNegatives: { byScore: { kind: 'absolute', margin: 1.5 } } }, 'falseNegatives.byScore.margin'],
    [{ falseNegatives: { byScore: { kind: 'absolute', margin: -0.1 } } }, 'falseNegatives.byScore.margin'],
    [{ falseNegatives: { guide: 'x' } }, 'falseNegatives.guide'],
    [{ matryoshka: [] }, 'matryoshka'],
    [{ matryoshka: [{ dimension: 0, weight: 1 }] }, 'matryoshka.0.dimension'],
    [{ matryoshka: [{ dimension: 8, weight: 0 }] }, 'matryoshka.0.weight'],
    [{ kind: 'sigmoidPairs', temperature: 1, contrast: 'batch' }, 'contrast'],
    [{ kind: 'triplet', margin: 0.2 }, 'distance'],
    [{ kind: 'triplet', distance: 'cosine' }, 'margin'],
    [{ kind: 'triplet', distance: 'cosine', margin: -0.1 }, 'margin'],
    [{ kind: 'triplet', distance: 'manhattan', margin: 1 }, 'distance'],
    [{ kind: 'triplet', distance: 'cosine', margin: 1, temperature: 1 }, 'temperature'],
    [{ kind: 'distillation' }, 'temperature'],
    [{ kind: 'distillation', temperature: 0.05, teacherTemperature: 0 }, 'teacherTemperature'],
    [{ kind: 'distillation', temperature: 0.05, margin: 1 }, 'margin'],
    [{ kind: 'distillation', temperature: 0.05, teacher: { maxTokens: 8 } }, 'teacher.contentSha256'],
    [{ kind: 'distillation', temperature: 0.05, scores: 'mined' }, 'scores'],
    [{ kind: 'distillation', temperature: 0.05, scores: 'imported', teacher: frozen }, 'teacher'],
    [{ matryoshka: [8, 8].map((dimension) => ({ dimension, weight: 1 })) }, 'matryoshka'],
  ])('are refused with their path: %j', (loss, path) => {
    expect(fault(loss)).toMatchObject({ kind: 'experiment-invalid', path: `stages.0.loss.${path}` });
  });

  it('bring a joint softmax when the form adds a term within a side, and lose it with that term', () => {
    const loss = v.parse(infoNceSchema, defaultStage().loss);
    const changed = withLossChange(loss, { sameSide: 'queries' });
    expect(changed).toEqual({ ...loss, sameSide: 'queries', softmax: 'joint' });
    expect(withLossChange(changed, { sameSide: undefined, softmax: undefined })).toEqual(loss);
    expect(withLossChange(loss, { falseNegatives: { known: false } })).toEqual(loss);
  });

  it('draw no negatives of the batch once the form compares a question with its own only', () => {
    const loss = { ...v.parse(infoNceSchema, defaultStage().loss), inBatchNegatives: 3 };
    expect(withLossChange(loss, { contrast: 'own' })).toEqual({ ...defaultStage().loss, contrast: 'own' });
  });
});

describe('the temperature of a teacher', () => {
  const loss = { kind: 'distillation', temperature: 0.05 } as const;
  const parsed = (given: object): Stage['loss'] | undefined =>
    parseExperiment({ stages: [{ loss: given }] }).stages[0]?.loss;

  it('is left out if it equals that of the trained model, in a file and in the form', () => {
    expect(parsed({ ...loss, teacherTemperature: 0.05 })).toEqual(loss);
    expect(parsed({ ...loss, teacherTemperature: 0.1 })).toEqual({ ...loss, teacherTemperature: 0.1 });
    const own = withDistillationChange(loss, { teacherTemperature: 0.1 });
    expect(own).toEqual({ ...loss, teacherTemperature: 0.1 });
    expect(withTemperature(own, 0.2)).toEqual({ ...own, temperature: 0.2 });
    expect(withTemperature(own, 0.1)).toEqual({ ...loss, temperature: 0.1 });
    expect(withDistillationChange(own, { teacherTemperature: 0.05 })).toEqual(loss);
  });

  it('stays when a teacher is chosen or removed', () => {
    const own = { ...loss, teacherTemperature: 0.1 };
    expect(withDistillationChange(own, { teacher: frozen })).toEqual({ ...own, teacher: frozen });
    expect(withDistillationChange({ ...own, teacher: frozen }, { teacher: undefined })).toEqual(own);
  });

  it('is 1 once the scores of the data are chosen, which replace the teacher, unless it was chosen before', () => {
    const taught = { ...loss, teacher: frozen };
    const imported = { ...loss, scores: 'imported', teacherTemperature: 1 } as const;
    expect(withImportedScores(taught, true)).toEqual(imported);
    expect(withImportedScores({ ...taught, teacherTemperature: 0.1 }, true)).toEqual({
      ...imported,
      teacherTemperature: 0.1,
    });
    expect(withImportedScores(imported, true)).toBe(imported);
    expect(withImportedScores(imported, false)).toEqual(loss);
  });
});

describe('a loss that its data or model does not suit', () => {
  const stage = (loss: object, negatives?: Stage['negatives']): Pick<Stage, 'loss' | 'negatives'> => ({
    loss: { ...defaultStage().loss, ...loss },
    ...(negatives ? { negatives } : {}),
  });

  it('is refused if it needs explicit negatives and there are none', () => {
    const refusal = { kind: 'loss-needs-negatives', stage: 1 };
    const explicit = { hardness: { mode: 'explicit', strength: 5 } };
    for (const loss of [{ contrast: 'own' }, { contrast: 'explicit' }, explicit]) {
      expect(lossRefusal(stage(loss), 1, 384)).toEqual(refusal);
      expect(lossRefusal(stage(loss, { from: 'random', perAnchor: 1 }), 1, 384)).toBeNull();
    }
    expect(lossRefusal(stage({ hardness: { mode: 'all', strength: 5 } }), 1, 384)).toBeNull();
  });

  it('is refused if it takes pairs only and the stage trains on explicit negatives', () => {
    const pairs = { loss: { kind: 'sigmoidPairs' as const, temperature: 0.05 } };
    const refusal = { kind: 'loss-takes-pairs', stage: 2, negatives: 3 };
    const negatives = { from: 'random', perAnchor: 3 } as const;
    expect(lossRefusal({ ...pairs, negatives }, 2, 384)).toEqual(refusal);
    expect(lossRefusal(pairs, 2, 384)).toBeNull();
  });

  it('is refused if it compares triplets and the stage has no explicit negatives, whatever their source', () => {
    const loss = { kind: 'triplet' as const, distance: 'cosine' as const, margin: 0.2 };
    expect(lossRefusal({ loss }, 1, 384)).toEqual({ kind: 'loss-needs-triplets', stage: 1 });
    const mined = defaultMined(100);
    for (const negatives of [{ from: 'random', perAnchor: 1 }, { from: 'imported', perAnchor: 1 }, mined] as const)
      expect(lossRefusal({ loss, negatives }, 1, 384)).toBeNull();
  });

  it('is refused if it distils without explicit negatives, or without a teacher', () => {
    const loss = { kind: 'distillation' as const, temperature: 0.05 };
    const negatives = { from: 'random', perAnchor: 1 } as const;
    const taught = { ...loss, teacher: frozen };
    expect(lossRefusal({ loss: taught }, 1, 384)).toEqual({ kind: 'distillation-needs-negatives', stage: 1 });
    expect(lossRefusal({ loss, negatives }, 2, 384)).toEqual({ kind: 'teacher-not-chosen', stage: 2 });
    expect(lossRefusal({ loss: taught, negatives }, 1, 384)).toBeNull();
  });

  it('is refused if it distils the scores of the data without the negatives that they belong to', () => {
    const loss = { kind: 'distillation', temperature: 0.05, scores: 'imported' } as const;
    expect(lossRefusal({ loss }, 1, 384)).toEqual({ kind: 'distillation-needs-negatives', stage: 1 });
    const drawn = { from: 'random', perAnchor: 1 } as const;
    expect(lossRefusal({ loss, negatives: drawn }, 1, 384)).toEqual({ kind: 'teacher-scores-need-imported', stage: 1 });
    expect(lossRefusal({ loss, negatives: { from: 'imported', perAnchor: 1 } }, 1, 384)).toBeNull();
  });

  it('is refused if it is AnglE and the vectors have an odd length', () => {
    const loss = { kind: 'angle' as const, temperature: 0.05 };
    expect(lossRefusal({ loss }, 1, 385)).toEqual({ kind: 'angle-needs-even-vectors', stage: 1, dimension: 385 });
    for (const dimension of [384, null]) expect(lossRefusal({ loss }, 1, dimension)).toBeNull();
    expect(lossRefusal({ loss: { ...loss, kind: 'cosent' } }, 1, 385)).toBeNull();
  });

  it('is refused if a prefix is longer than the vectors, once the model is known', () => {
    const long = stage({ matryoshka: [{ dimension: 385, weight: 1 }] });
    expect(lossRefusal(long, 0, 384)).toEqual({ kind: 'prefix-too-long', stage: 0, prefix: 385, dimension: 384 });
    expect(lossRefusal(long, 0, null)).toBeNull();
    expect(lossRefusal(stage({ matryoshka: [{ dimension: 384, weight: 1 }] }), 0, 384)).toBeNull();
  });
});

describe('the negatives of a question', () => {
  it('are counted by the passages that the loss contrasts with', () => {
    const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
    const negatives = { from: 'random', perAnchor: 3 } as const;
    expect(negativesPerQuestion({ loss }, 16)).toBe(15);
    const triplet = { kind: 'triplet', distance: 'cosine', margin: 0.2 } as const;
    expect(negativesPerQuestion({ loss: { ...loss, inBatchNegatives: 2 } }, 16)).toBe(2);
    expect(negativesPerQuestion({ loss: { ...loss, inBatchNegatives: 2 }, negatives }, 16)).toBe(11);
    expect(negativesPerQuestion({ loss: { ...loss, inBatchNegatives: 99 } }, 16)).toBe(15);
    expect(negativesPerQuestion({ loss: triplet, negatives }, 16)).toBe(3);
    expect(negativesPerQuestion({ loss: { kind: 'distillation', temperature: 0.05 }, negatives }, 16)).toBe(3);
    expect(negativesPerQuestion({ loss, negatives }, 16)).toBe(63);
    expect(negativesPerQuestion({ loss: { ...loss, contrast: 'explicit' }, negatives }, 16)).toBe(48);
    expect(negativesPerQuestion({ loss: { ...loss, contrast: 'own' }, negatives }, 16)).toBe(3);
  });
});

describe('the field for prefixes', () => {
  it('reads dimensions with optional weights and writes them back', () => {
    const prefixes = [
      { dimension: 384, weight: 1 },
      { dimension: 128, weight: 0.5 },
    ];
    expect(readPrefixes('384, 128:0.5', 384)).toEqual(prefixes);
    expect(readPrefixes('384，128：.5', 384)).toEqual(prefixes);
    expect(readPrefixes(prefixText(prefixes), 384)).toEqual(prefixes);
    expect(readPrefixes(' ', 384)).toEqual([]);
  });

  it.each([
    '385',
    '0',
    '64, 64',
    '64:0',
    '64:1001',
    '6.4',
    '-64',
    'all',
    Array.from({ length: 17 }, (_, i) => i + 1).join(),
  ])('refuses %s', (text) => {
    expect(readPrefixes(text, 384)).toBeNull();
  });
});

describe('the known answers in a batch', () => {
  const pair = (anchor: string, positive: string) => ({ anchor, positive });
  const answers = new KnownAnswers([pair('a', 'p'), pair('a', 'q'), pair('b', 'q'), pair('c', 'r'), pair('d', 'p')]);

  it('are other passages of the same question, and the same passage of another pair', () => {
    expect(answers.inBatch([0, 2, 3])).toEqual([[1], [], []]);
    expect(answers.inBatch([0, 1, 4])).toEqual([[2, 1], [0, 2], [0]]);
  });

  it('are null if no passage answers another question of the batch', () => {
    expect(answers.inBatch([2, 3, 4])).toBeNull();
  });
});
