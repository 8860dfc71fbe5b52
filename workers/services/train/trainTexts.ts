import type { Experiment } from '../../../src/domain/experiment';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { cutAt } from '../../../src/domain/wellFormed';
import type { TrainTextIds, TrainTexts } from '../../../src/protocol/trainTexts';
import type { Database } from '../../../src/storage/database';
import { negativesOfStages } from '../negatives/stageNegatives';
import { preparedData } from '../split/preparedData';
import { shownCharacters } from './devTexts';
import { negativesOf } from './stepBatch';

/** Returns the texts of a stage's rows, by id. Leaves out ids that the data does not have. */
export async function trainTexts(
  db: Database,
  experiment: Experiment,
  stage: number,
  { ids, withNegatives }: TrainTextIds,
): Promise<Map<string, TrainTexts>> {
  const data = await preparedData(db, experiment);
  const negatives = withNegatives ? (await negativesOfStages(db, experiment, data))[stage] : null;
  const wanted = new Set(ids);
  const cut = (text: string): string => cutAt(text, shownCharacters);
  const texts = new Map<string, TrainTexts>();
  rowsOfStage(experiment.stages[stage] ?? {}, data).forEach(({ id, anchor, positive }, row) => {
    if (!wanted.has(id)) return;
    const own = negatives ? negativesOf([row], negatives).map((index) => cut(negatives.pool[index] ?? '')) : [];
    texts.set(id, { anchor: cut(anchor), positive: cut(positive), negatives: own });
  });
  return texts;
}
