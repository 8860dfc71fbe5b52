import { describe, expect, it } from 'vitest';
import type { QuestionRow } from '../../../src/state/evaluation.svelte';
import { QuestionSelection } from '../../../src/state/questionSelection.svelte';

const answersOn = (topics: Record<string, string>) => ({
  ...{ part: 'test' as const, changeOf: () => 'won' as const },
  questions: Object.keys(topics).map((questionId) => ({ questionId, text: questionId }) as QuestionRow),
  facts: new Map(Object.entries(topics).map(([id, topic]) => [id, { topic, document: null }])),
});

describe('the selection of questions', () => {
  it('begins at the first page after every choice, also of a topic and when it is cleared', () => {
    const selection = new QuestionSelection(() => answersOn({ a: 'x', b: 'y' }));
    const choices = [
      () => selection.choose('topic', 'x'),
      () => selection.choose('change', 'won'),
      () => (selection.search = 'a'),
      () => selection.clear(),
    ];
    for (const choose of choices) {
      selection.page = 2;
      expect(selection.page).toBe(2);
      choose();
      expect(selection.page).toBe(0);
    }
  });

  it('drops a topic that the questions of another run do not have, and keeps a change', () => {
    let answers = $state.raw(answersOn({ a: 'x', b: 'y' }));
    const selection = new QuestionSelection(() => answers);
    selection.choose('topic', 'x');
    selection.choose('change', 'lost');
    expect(selection.shown).toEqual([]);
    selection.choose('change', 'won');
    expect(selection.shown.map(({ text }) => text)).toEqual(['a']);
    answers = answersOn({ c: 'z', d: 'y' });
    expect(selection.filter).toMatchObject({ topic: null, change: 'won' });
    expect(selection.shown.map(({ text }) => text)).toEqual(['c', 'd']);
  });
});
