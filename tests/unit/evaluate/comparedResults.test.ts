import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { comparedModels, folderResults, refuseOtherData } from '../../../src/domain/evaluate/comparedResults';

const sha = (letter: string): string => letter.repeat(64);
const model = {
  contentSha256: sha('a'),
  pooling: 'mean',
  normalize: true,
  maxTokens: 64,
  queryPrefix: '',
  passagePrefix: '',
};

/** Returns those parts of a metrics.json from `npm run experiment` that a comparison reads. */
function metricsOf(changes: object = {}, knowledgeBase = sha('b')): object {
  return {
    experiment: {
      model,
      data: [
        { role: 'knowledgeBase', contentSha256: knowledgeBase },
        { role: 'questions', part: 'test', contentSha256: sha('c') },
      ],
    },
    before: { passages: 40, questions: 2 },
    ranksBefore: { q1: [3], q2: [2, 1] },
    ranksAfter: { q1: [1], q2: [null] },
    rightScoresAfter: { q1: 0.5, q2: null },
    weightsSha256: sha('d'),
    modelName: 'demo-zh',
    ...changes,
  };
}

describe('the results of folders', () => {
  it('are the base model once and each trained model, by rank and score of the right passage', () => {
    const folders = [
      folderResults('a', metricsOf()),
      folderResults('b', metricsOf({ ranksAfter: { q1: [2], q2: [1] } })),
    ];
    const models = comparedModels(folders);
    expect(models.map(({ name, detail, kind }) => [name, detail, kind])).toEqual([
      ['demo-zh', '', 'base'],
      ['a', 'demo-zh', 'run'],
      ['b', 'demo-zh', 'run'],
    ]);
    expect(models[0]?.results).toEqual([
      { questionId: 'q1', ranks: [3], top: [] },
      { questionId: 'q2', ranks: [1, 2], top: [] },
    ]);
    expect(models[1]?.results).toEqual([
      { questionId: 'q1', ranks: [1], top: [], rightScore: 0.5 },
      { questionId: 'q2', ranks: [Infinity], top: [] },
    ]);
  });

  it('list a base model once per folder if it ranked differently in them', () => {
    const other = { ranksBefore: { q1: [9], q2: [1, 2] } };
    const models = comparedModels([folderResults('a', metricsOf()), folderResults('b', metricsOf(other))]);
    expect(models.map(({ name }) => name)).toEqual(['demo-zh (a)', 'demo-zh (b)', 'a', 'b']);
  });

  it('name a base model by its hash if an earlier version wrote the results', () => {
    const { base } = folderResults('a', metricsOf({ modelName: undefined }));
    expect(base.name).toBe('aaaaaaaaaaaa');
  });

  it.each([
    ['a sweep', { ranksBefore: undefined }],
    ['a rank of 0', { ranksAfter: { q1: [0] } }],
    ['a rank that is a text', { ranksAfter: { q1: ['1'] } }],
    ['a score that is no number', { rightScoresAfter: { q1: 'x' } }],
  ])('are refused if metrics.json has %s', (_what, changes) => {
    expect(() => folderResults('a', metricsOf(changes))).toThrow('results-invalid');
  });

  it('are refused with the name of the folder and the path if its experiment is invalid', () => {
    const refused = (): unknown => folderResults('a', metricsOf({ experiment: { seed: 'x' } }));
    expect(refused).toThrow(new AppError({ kind: 'results-invalid', folder: 'a', at: 'experiment.seed' }));
  });

  it('are refused if they are on other data', () => {
    const folders = [folderResults('a', metricsOf()), folderResults('b', metricsOf({}, sha('e')))];
    expect(() => refuseOtherData(folders)).toThrow('knowledgeBase');
    expect(() => refuseOtherData(folders.slice(0, 1))).not.toThrow();
  });

  it('are refused if held-out pairs have added other passages to the same knowledge base', () => {
    const more = metricsOf({ before: { passages: 41, questions: 2 } });
    expect(() => refuseOtherData([folderResults('a', metricsOf()), folderResults('b', more)])).toThrow('knowledgeBase');
    expect(() => refuseOtherData([folderResults('a', more), folderResults('b', more)])).not.toThrow();
  });
});
