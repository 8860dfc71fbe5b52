import { describe, expect, it } from 'vitest';
import { passageLookup } from '../../../src/domain/split/passageLookup';
import { questionKey } from '../../../src/domain/split/questionKey';
import { resolveReferences, resolveRelevant } from '../../../src/domain/split/relevant';

const lookupOf = (...passages: [id: string, text: string][]) =>
  passageLookup(passages.map(([id, text]) => ({ id, text })));
const plain = lookupOf(['p1', '段一'], ['p2', ' 段二 '], ['3', '段三'], ['40.0', '段四'], ['p5', '段一']);

/** Returns the ids that references name, or the references that match no passage. */
function named(...references: string[]): string[] | { unknown: string[] } {
  const { relevant, unknown } = resolveReferences(references, plain);
  return unknown.length > 0 ? { unknown } : relevant;
}

describe('a reference to a passage', () => {
  it.each([
    ['its id', 'p1', 'p1'],
    ['its id with white space around it', ' p1\n', 'p1'],
    ['its text', '段一', 'p1'],
    ['its text with other white space around it', '\t段二', 'p2'],
    ['its number, written by a spreadsheet', '3.0', '3'],
    ['its number, written with more zeros', '3.000', '3'],
    ['its number without the fraction', '40', '40.0'],
  ])('is %s', (_, reference, id) => {
    expect(named(reference)).toEqual([id]);
  });

  it.each(['3.5', '13.0', '3.0kg', 'x3.0', '30', '4', 'a40', '40kg', 'p9', ''])('is not "%s"', (reference) => {
    expect(named(reference)).toEqual({ unknown: [reference] });
  });

  it('is the id as written if a number is one with and without its fraction', () => {
    const both = lookupOf(['1', '一'], ['1.0', '一点零']);
    expect(resolveReferences(['1.0'], both).relevant).toEqual(['1.0']);
    expect(resolveReferences(['1'], both).relevant).toEqual(['1']);
  });

  it('is a text rather than a list of the ids in it', () => {
    const lookup = lookupOf(['a', '甲'], ['b', '乙'], ['c', 'a b']);
    expect(resolveReferences(['a b'], lookup)).toEqual({ relevant: ['c'], unknown: [] });
  });
});

describe('several references in one cell', () => {
  it.each(['p1;p2', 'p1, p2', 'p1，p2', 'p1；p2', 'p1、p2', 'p1|p2', 'p1 p2', ' p1 ;; p2; '])(
    'are separated by commas, semicolons, bars or spaces: "%s"',
    (cell) => {
      expect(named(cell)).toEqual(['p1', 'p2']);
    },
  );

  it('must all be ids, because a text may contain a piece that is one', () => {
    expect(named('twice, 3 kg')).toEqual({ unknown: ['twice, 3 kg'] });
    expect(named(' ; ')).toEqual({ unknown: [' ; '] });
  });

  it('name a passage once', () => {
    expect(named('p1;3', '3.0', '段一')).toEqual(['p1', '3']);
  });
});

describe('the relevant passages of questions', () => {
  it('leave a question out if none of its references is known, and report each unknown one', () => {
    const questions = [
      { id: 'a', text: '问一', relevant: ['p1', 'x'] },
      { id: 'b', text: '问二', relevant: ['y', 'z'] },
      { id: 'c', text: '问三', relevant: ['段三'] },
      { id: 'd', text: '问四', relevant: [] },
    ];
    expect(resolveRelevant(questions, plain)).toEqual({
      kept: [
        { id: 'a', text: '问一', relevant: ['p1'] },
        { id: 'c', text: '问三', relevant: ['3'] },
      ],
      unanswered: [{ id: 'd', text: '问四', relevant: [] }],
      unknown: [
        { index: 0, reference: 'x', dropped: false },
        { index: 1, reference: 'y', dropped: true },
        { index: 1, reference: 'z', dropped: true },
      ],
    });
  });
});

describe('references to passages', () => {
  const lookup = lookupOf(['p1', '段1'], ['p2', '段2'], ['段1', '一个'], ['p60', '段1']);
  const question = (...relevant: string[]) => ({ id: 'q', text: '问', relevant });
  const relevantOf = (...relevant: string[]) => resolveRelevant([question(...relevant)], lookup);

  it('match an id first, then a text, and among equal texts the first passage', () => {
    expect(relevantOf('段1').kept[0]?.relevant).toEqual(['段1']);
    expect(relevantOf(' 段2 ').kept[0]?.relevant).toEqual(['p2']);
    expect(relevantOf('p1', '段2', 'p2').kept[0]?.relevant).toEqual(['p1', 'p2']);
  });

  it('that match nothing are reported, and drop a question only if none of its references is left', () => {
    expect(relevantOf('p1', 'x')).toEqual({
      kept: [question('p1')],
      unanswered: [],
      unknown: [{ index: 0, reference: 'x', dropped: false }],
    });
    expect(relevantOf('x y')).toMatchObject({ kept: [], unknown: [{ index: 0, reference: 'x y', dropped: true }] });
    expect(relevantOf('p1；p2').kept).toEqual([question('p1', 'p2')]);
    // If one piece is unknown, the cell counts as one unknown text, not as a list.
    expect(relevantOf('p1；p2 z')).toMatchObject({
      kept: [],
      unknown: [{ index: 0, reference: 'p1；p2 z', dropped: true }],
    });
  });
});

it('a question of only punctuation is compared without the white space around it', () => {
  expect(questionKey(' ？\n', false)).toBe(questionKey('？', false));
});
