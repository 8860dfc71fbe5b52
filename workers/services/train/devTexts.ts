import type { Experiment } from '../../../src/domain/experiment';
import { cutAt } from '../../../src/domain/wellFormed';
import type { DevTexts, DevTextIds } from '../../../src/protocol/devTexts';
import type { Database } from '../../../src/storage/database';
import { preparedData } from '../split/preparedData';

/** Number of characters of a text that are shown. */
export const shownCharacters = 300;

/** Returns the beginnings of dev questions and passages, by id. Leaves out ids that the data does not have. */
export async function devTexts(db: Database, experiment: Experiment, ids: DevTextIds): Promise<DevTexts> {
  const { dev, knowledgeBase } = await preparedData(db, experiment);
  return { questions: textsOf(dev, ids.questions), passages: textsOf(knowledgeBase, ids.passages) };
}

function textsOf(rows: readonly { id: string; text: string }[], ids: readonly string[]): Map<string, string> {
  const wanted = new Set(ids);
  const texts = new Map<string, string>();
  for (const { id, text } of rows) if (wanted.has(id)) texts.set(id, cutAt(text, shownCharacters));
  return texts;
}
