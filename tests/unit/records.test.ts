import { describe, expect, it } from 'vitest';
import { defaultExperiment, experimentModelOf, usesHalf } from '../../src/domain/experiment';
import { AppError, toAppError } from '../../src/domain/errors';
import { encodedText, hasTitle } from '../../src/domain/records';

describe('the text of a passage that is encoded', () => {
  const passage = { id: 'p', title: '退款', text: '七天内可以退。' };

  it('is its title, a space and its text if titles are joined, else only its text', () => {
    expect(encodedText(passage, true)).toBe('退款 七天内可以退。');
    expect(encodedText(passage, false)).toBe('七天内可以退。');
  });

  it('is only its text if it has no title, or one of only white space', () => {
    const { title: _, ...untitled } = passage;
    const blank = { ...passage, title: ' \t' };
    expect([untitled, blank].map((one) => encodedText(one, true))).toEqual([passage.text, passage.text]);
    expect([hasTitle(passage), hasTitle(untitled), hasTitle(blank)]).toEqual([true, false, false]);
  });
});

describe('an experiment’s settings for a model', () => {
  it('are those of the model, whether they were read or guessed', () => {
    const defaults = {
      pooling: { value: 'cls', guessed: true },
      normalize: { value: true, guessed: false },
      maxTokens: { value: 128, guessed: false },
      queryPrefix: { value: '为这个句子生成表示：', guessed: false },
      passagePrefix: { value: '段落：', guessed: true },
    } as const;
    expect(experimentModelOf({ contentSha256: 'm', defaults })).toEqual({
      contentSha256: 'm',
      pooling: 'cls',
      normalize: true,
      maxTokens: 128,
      queryPrefix: '为这个句子生成表示：',
      passagePrefix: '段落：',
    });
  });
});

describe('a stage', () => {
  it('is in half precision only if it says so', () => {
    expect((['full', 'mixed', 'mixed-matrices', undefined] as const).map(usesHalf)).toEqual([false, true, true, false]);
    expect(usesHalf(defaultExperiment().stages[0]?.precision)).toBe(false);
  });
});

describe('a thrown value', () => {
  it('stays the same if it is an error of the app', () => {
    const error = new AppError({ kind: 'cancelled' });
    expect(toAppError(error)).toBe(error);
  });

  it('is a full disk if the browser says that the quota is exceeded', () => {
    const thrown = Object.assign(new Error('no room'), { name: 'QuotaExceededError' });
    expect(toAppError(thrown)).toMatchObject({ details: { kind: 'quota-exceeded' }, cause: thrown });
  });

  it('is unexpected otherwise, with the name and message of an error or the value itself', () => {
    expect(toAppError(new TypeError('x is y')).details).toEqual({ kind: 'unexpected', reason: 'TypeError: x is y' });
    expect(toAppError({ code: 3 }).details).toEqual({ kind: 'unexpected', reason: '{"code":3}' });
    // Only errors are recognised: an object of that name may come from anywhere.
    expect(toAppError({ name: 'QuotaExceededError' }).details).toMatchObject({ kind: 'unexpected' });
  });
});
