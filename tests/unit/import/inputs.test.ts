import { describe, expect, it } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { demoHashes, demoParts } from '../../../src/domain/import/demoInputs';
import { inputStates, lacksInput, missingSlots, namedHash } from '../../../src/domain/import/inputs';
import { withEntry } from '../../../src/domain/import/slots';

const sha = (letter: string): string => letter.repeat(64);
const linked: Experiment = ['knowledgeBase', 'pairs', 'devQuestions', 'testQuestions'].reduce(
  (experiment, slot, at) => withEntry(experiment, slot as 'pairs', sha('abcd'[at] ?? '')),
  defaultExperiment(),
);

describe('the inputs of an experiment', () => {
  it('lack the required slots if the experiment names nothing', () => {
    expect(missingSlots(defaultExperiment(), {})).toEqual(['knowledgeBase', 'pairs', 'testQuestions']);
    expect(inputStates(defaultExperiment(), null, {}).pairs).toEqual({ state: 'empty' });
  });

  it('are missing if their content is not stored, even in the optional slot', () => {
    const stored = { knowledgeBase: sha('a'), pairs: sha('b'), testQuestions: sha('d') };
    expect(missingSlots(linked, stored)).toEqual(['devQuestions']);
    expect(inputStates(linked, linked, stored)).toMatchObject({
      knowledgeBase: { state: 'here' },
      devQuestions: { state: 'missing', named: sha('c') },
    });
    expect(missingSlots(linked, { ...stored, devQuestions: sha('c') })).toEqual([]);
  });

  it('are different, with both hashes, if the link names other content than the experiment has', () => {
    const other = withEntry(linked, 'knowledgeBase', sha('e'));
    expect(inputStates(other, linked, { knowledgeBase: sha('e') }).knowledgeBase).toEqual({
      state: 'different',
      named: sha('a'),
      found: sha('e'),
    });
  });

  it('are missing if only the link names them, and here if link and experiment agree', () => {
    const without = { ...linked, data: linked.data.filter(({ role }) => role !== 'pairs') };
    expect(inputStates(without, linked, { pairs: sha('b') }).pairs).toEqual({ state: 'missing', named: sha('b') });
    expect(inputStates(linked, null, { pairs: sha('b') }).pairs).toEqual({ state: 'here' });
    expect(inputStates(linked, null, { pairs: sha('x') }).pairs).toEqual({ state: 'missing', named: sha('b') });
    expect(inputStates(linked, without, { pairs: sha('b') }).pairs).toEqual({ state: 'here' });
    expect(namedHash(null, 'model')).toBeUndefined();
    expect(namedHash(null, 'pairs')).toBeUndefined();
  });

  it('are the cause of an error that says that data or the model is missing, or that there is too little data', () => {
    expect(lacksInput({ kind: 'model-missing' })).toBe(true);
    expect(lacksInput({ kind: 'data-missing', role: 'pairs' })).toBe(true);
    expect(lacksInput({ kind: 'too-few-pairs', pairs: 1, batchSize: 2 })).toBe(true);
    expect(lacksInput({ kind: 'cancelled' })).toBe(false);
  });

  it('can be taken from the demo if the experiment names its content and does not have it yet', () => {
    const demo = withEntry(linked, 'pairs', demoHashes.pairs);
    expect(demoParts(inputStates(demo, null, {}))).toEqual(['pairs']);
    expect(demoParts(inputStates(demo, null, { pairs: demoHashes.pairs }))).toEqual([]);
    expect(demoParts(inputStates(linked, demo, { pairs: sha('b') }))).toEqual(['pairs']);
  });
});
