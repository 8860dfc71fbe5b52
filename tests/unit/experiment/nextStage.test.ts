import { describe, expect, it } from 'vitest';
import { nextStage } from '../../../src/domain/nextStage';

const complete = { missingSlots: [], hasModel: true, hasResult: false };

describe('the button at the end of a stage', () => {
  it('leads from a complete import to Negatives and Split, from there to Tokenize, and on to Train', () => {
    expect(nextStage('import', complete)).toEqual({ stage: 'negatives', missing: [] });
    expect(nextStage('negatives', complete)).toEqual({ stage: 'split', missing: [] });
    expect(nextStage('split', complete)).toEqual({ stage: 'tokenize', missing: [] });
    expect(nextStage('tokenize', complete)).toEqual({ stage: 'train', missing: [] });
  });

  it('names every input that an incomplete import lacks', () => {
    const progress = { missingSlots: ['pairs', 'testQuestions'] as const, hasModel: false, hasResult: false };
    expect(nextStage('import', progress)?.missing).toEqual(['pairs', 'testQuestions', 'model']);
  });

  it('names the model at the end of Split if only the data is there', () => {
    expect(nextStage('split', { ...complete, hasModel: false })).toEqual({ stage: 'tokenize', missing: ['model'] });
  });

  it('is left out while the screen only asks for missing inputs', () => {
    expect(nextStage('negatives', { ...complete, missingSlots: ['pairs'] })).toBeNull();
    expect(nextStage('split', { ...complete, missingSlots: ['pairs'] })).toBeNull();
    expect(nextStage('tokenize', { ...complete, hasModel: false })).toBeNull();
    expect(nextStage('evaluate', complete)).toBeNull();
  });

  it('leads from a result to the report, which is the last stage', () => {
    expect(nextStage('evaluate', { ...complete, hasResult: true })).toEqual({ stage: 'report', missing: [] });
    expect(nextStage('report', { ...complete, hasResult: true })).toBeNull();
  });
});
