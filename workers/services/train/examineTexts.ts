import type { Experiment } from '../../../src/domain/experiment';
import type { TextFacts } from '../../../src/domain/train/doctor/facts';
import { commonPrefix, lengthFacts, promptUses, repeatedPassages } from '../../../src/domain/train/doctor/textFacts';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { preparedData } from '../split/preparedData';
import { storedTokenSet } from '../tokenize/storedTokenSet';
import { tokenize } from '../tokenize/tokenize';

/**
 * Reads all texts of an experiment for the checks before a run: their lengths, repeated passages and prompts. Creates
 * missing token sets.
 */
export async function examineTexts(db: Database, experiment: Experiment, progress: Progress): Promise<TextFacts> {
  const keys = await tokenize(db, experiment, progress);
  const lengths = async (key: string) => lengthFacts(await storedTokenSet(db, key));
  const { pairs, knowledgeBase, dev, test } = await preparedData(db, experiment);
  const { queryPrefix = '', passagePrefix = '' } = experiment.model ?? {};
  const anchors = pairs.map(({ anchor }) => anchor);
  const positives = pairs.map(({ positive }) => positive);
  const passages = knowledgeBase.map(({ text }) => text);
  // If dev is held out from the pairs, its questions have the prompts of the training pairs, so prefer test.
  const questions = (test.length > 0 ? test : dev).map(({ text }) => text);
  // Passages of one document may begin alike without a prompt, so count only known prompts for passages.
  const ofQuestions = [queryPrefix, commonPrefix(anchors), commonPrefix(questions)];
  return {
    lengths: {
      knowledgeBase: await lengths(keys.knowledgeBase),
      anchors: await lengths(keys.anchors),
      positives: await lengths(keys.positives),
      devQuestions: await lengths(keys.devQuestions),
      testQuestions: await lengths(keys.testQuestions),
      ...(keys.sentences1 === undefined ? {} : { sentences1: await lengths(keys.sentences1) }),
      ...(keys.sentences2 === undefined ? {} : { sentences2: await lengths(keys.sentences2) }),
    },
    ...repeatedPassages(positives),
    prompts: {
      questions: promptUses(anchors, questions, ofQuestions),
      passages: promptUses(positives, passages, [passagePrefix]),
    },
  };
}
