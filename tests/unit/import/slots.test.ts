import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { entryOf, slotOf, withEntry } from '../../../src/domain/import/slots';

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

  it('keep their order when content is replaced, because the hash of the experiment depends on it', () => {
    let experiment = withEntry(defaultExperiment(), 'knowledgeBase', sha('a'));
    experiment = withEntry(experiment, 'pairs', sha('b'));
    expect(withEntry(withEntry(experiment, 'knowledgeBase', sha('c')), 'knowledgeBase', sha('a'))).toEqual(experiment);
  });
});
