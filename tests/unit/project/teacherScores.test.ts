import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, experimentModelOf, withLowestVersion } from '../../../src/domain/experiment';
import { importedTeacherScores } from '../../../src/domain/train/importedTeacherScores';
import { readRows } from '../../../src/storage/datasets';
import { importDataset } from '../../../workers/services/import/importDataset';
import { negativesOfStages } from '../../../workers/services/negatives/stageNegatives';
import { preparedData } from '../../../workers/services/split/preparedData';
import { file, json } from '../import/importFiles';
import { freshDatabase, storedExperiment } from '../storage/support';
import { edited, entriesOf } from './edit';
import { contentsOf, open, quiet, saved, storeModel, storePassages } from './support';

const pairs = [0, 1, 2].map((i) => ({
  ...{ query: `问 ${i}`, pos: [`猪 ${i}`], neg: [`负 ${i}`, `误 ${i}`] },
  ...{ pos_scores: [3 + i / 8], neg_scores: [-1.5, 0.25 * i] },
}));

/** Stores an experiment that distils the scores which its pairs brought. */
async function filled() {
  const db = await freshDatabase();
  const model = await storeModel(db);
  const passages = await storePassages(db, 3);
  const { dataset } = await importDataset(db, [file('pairs.jsonl', json(...pairs))], 'pairs', quiet);
  const experiment = withLowestVersion({
    ...defaultExperiment(),
    data: [
      { role: 'knowledgeBase', contentSha256: passages },
      { role: 'pairs', contentSha256: dataset.contentSha256 },
    ],
    model: experimentModelOf(model),
    stages: [
      {
        ...defaultStage(),
        negatives: { from: 'imported', perAnchor: 2 },
        loss: { kind: 'distillation', temperature: 0.05, teacherTemperature: 1, scores: 'imported' },
        batching: { kind: 'seeded', batchSize: 2, avoidDuplicatePassages: true },
      },
    ],
  });
  await db.put('experiments', storedExperiment('e', { experiment }));
  return { db, experiment, contentSha256: dataset.contentSha256 };
}

describe('a project whose pairs have the scores of a teacher', () => {
  it('opens in an empty database with the same scores, which its stage then distils', async () => {
    const { db: here, experiment, contentSha256 } = await filled();
    const there = await freshDatabase();
    expect(await open(there, await saved(here))).toEqual({ experiments: 1, runs: 0, warnings: [] });
    expect(await contentsOf(there)).toEqual(await contentsOf(here));
    const opened = (await there.get('experiments', 'e'))?.experiment;
    expect(opened).toEqual(experiment);
    const rows = await readRows(there, 'pairs', contentSha256);
    expect(rows.map(({ teacherScores }) => teacherScores)).toEqual([
      [3, -1.5, 0],
      [3.125, -1.5, 0.25],
      [3.25, -1.5, 0.5],
    ]);
    const data = await preparedData(there, experiment);
    const [negatives] = await negativesOfStages(there, experiment, data);
    if (!negatives) throw new Error('the stage has no negatives');
    expect([...importedTeacherScores(0, data.pairs, negatives)]).toEqual([
      3, -1.5, 0, 3.125, -1.5, 0.25, 3.25, -1.5, 0.5,
    ]);
  });

  it.each([
    ['a score too few', [3, -1.5]],
    ['a score that is no number', [3, -1.5, '0']],
    ['a score out of range', [3, -1.5, 2e6]],
    ['other scores than its hash stands for', [3, -1.5, 1]],
  ])('is refused with %s, and nothing is stored', async (_what, teacherScores) => {
    const [{ db: here, contentSha256 }, there] = [await filled(), await freshDatabase()];
    const project = await saved(here);
    const path = [...(await entriesOf(project)).keys()].find((name) => name.includes(`/${contentSha256}/`)) ?? '';
    const change = (block: { rows: object[] }) => ({
      ...block,
      rows: block.rows.map((row, i) => (i === 0 ? { ...row, teacherScores } : row)),
    });
    await expect(open(there, await edited(project, path, change as never))).rejects.toMatchObject({
      details: { kind: 'project-invalid', entry: path },
    });
    expect(Object.values(await contentsOf(there)).flat()).toEqual([]);
  });
});
