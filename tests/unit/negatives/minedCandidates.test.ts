import { describe, expect, it } from 'vitest';
import { exclusions } from '../../../src/domain/negatives/answerIndex';
import type { ExclusionCounts } from '../../../src/domain/negatives/chooseNegatives';
import { minedCandidates } from '../../../src/domain/negatives/minedCandidates';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { RandomStream } from '../../../src/domain/random';
import { defaultMined, type MinedNegatives } from '../../../src/domain/train/negativesSchema';

const settings: MinedNegatives = {
  from: 'mined',
  perAnchor: 1,
  firstRank: 2,
  lastRank: 5,
  relativeMargin: 0.05,
  pick: 'top',
};
const top = [0.9, 0.8, 0.75, 0.7, 0.3, 0.2].map((score, i) => ({ passage: 10 + i, score }));

function candidates(change: Partial<MinedNegatives>, positiveScore = 0.8) {
  const excluded = Object.fromEntries(exclusions.map((reason) => [reason, 0])) as ExclusionCounts;
  const random = new RandomStream(1, 'minedPick');
  return { kept: minedCandidates({ top, positiveScore }, { ...settings, ...change }, random, excluded), excluded };
}

describe('the candidates that mining takes', () => {
  it('have a rank in the range and score below the positive by the relative margin', () => {
    const { kept, excluded } = candidates({});
    expect(kept).toEqual([12, 13, 14]);
    expect(excluded).toMatchObject({ margin: 1, scoreWindow: 0 });
  });

  it('also keep the absolute margin and the score window', () => {
    expect(candidates({ absoluteMargin: 0.08 }).kept).toEqual([13, 14]);
    const { kept, excluded } = candidates({ minScore: 0.5, maxScore: 0.72 });
    expect(kept).toEqual([13]);
    expect(excluded).toMatchObject({ scoreWindow: 3, margin: 0 });
  });

  it('may score above the positive if the settings have no margin', () => {
    const { relativeMargin: _, ...free } = settings;
    const excluded = Object.fromEntries(exclusions.map((reason) => [reason, 0])) as ExclusionCounts;
    const random = new RandomStream(1, 'minedPick');
    expect(minedCandidates({ top, positiveScore: 0.1 }, free, random, excluded)).toEqual([11, 12, 13, 14]);
    expect(excluded).toMatchObject({ margin: 0 });
    expect(candidates({ relativeMargin: 0 }, 0.75).kept).toEqual([12, 13, 14]);
  });

  it('come from the lowest rank, or in random order', () => {
    expect(candidates({ pick: 'lowest' }).kept).toEqual([14, 13, 12]);
    expect(candidates({ pick: 'random' }).kept.sort()).toEqual([12, 13, 14]);
  });
});

describe('the settings of mined negatives', () => {
  const refused = (negatives: object): unknown => {
    try {
      return parseExperiment({ stages: [{ negatives }] });
    } catch (thrown) {
      return thrown;
    }
  };

  it('start at ranks 300 to 500 of 10,000 passages and scale with a smaller knowledge base', () => {
    expect(defaultMined(20_000)).toMatchObject({ firstRank: 300, lastRank: 500, relativeMargin: 0.05 });
    expect(defaultMined(600)).toMatchObject({ firstRank: 18, lastRank: 30 });
  });

  it('are refused with their path if the ranks or the scores are in the wrong order', () => {
    const path = (negatives: object): unknown => refused({ ...settings, ...negatives });
    expect(path({ firstRank: 6 })).toMatchObject({ details: { path: 'stages.0.negatives.lastRank' } });
    expect(path({ minScore: 0.5, maxScore: 0.4 })).toMatchObject({ details: { path: 'stages.0.negatives.maxScore' } });
  });
});
