import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { entryOf, missingSlots, slotOf, withEntry } from '../../../src/domain/import/slots';

const sha = (letter: string): string => letter.repeat(64);

describe('the data set slots of an experiment', () => {
  it('are filled, found and emptied one by one', () => {
    let experiment = withEntry(defaultExperiment(), 'testQuestions', sha('a'));
    experiment = withEntry(experiment, 'devQuestions', sha('b'));
    experiment = withEntry(experiment, 'testQuestions', sha('c'));
    expect(entryOf(experiment, 'testQuestions')).toEqual({ role: 'questions', part: 'test', contentSha256: sha('c') });
    expect(experiment.data.map(slotOf).sort()).toEqual(['devQuestions', 'testQuestions']);
    expect(withEntry(experiment, 'devQuestions', null).data).toHaveLength(1);
  });

  it('are missing until the knowledge base, pairs and test questions are set, while dev questions are optional', () => {
    expect(missingSlots(defaultExperiment())).toEqual(['knowledgeBase', 'pairs', 'testQuestions']);
  });
});
