import { describe, expect, it } from 'vitest';
import { commonPrefix, lengthFacts, promptUses } from '../../../../src/domain/train/doctor/textFacts';

describe('the facts of texts', () => {
  it('have the same length limit for 99% of the texts in any order of the texts', () => {
    const lengths = [900, 1, 2, 3];
    const offsets = Uint32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))]);
    expect(lengthFacts({ offsets, truncated: 0 }).p99).toBe(900);
    const hundred = [70, 60, ...new Array<number>(98).fill(5)];
    const many = Uint32Array.from([0, ...hundred.map((_, i) => hundred.slice(0, i + 1).reduce((a, b) => a + b))]);
    expect(lengthFacts({ offsets: many, truncated: 0 }).p99).toBe(60);
  });

  it('find a common beginning of three characters or more, without the space at its end', () => {
    const texts = (prefix: string) => Array.from({ length: 26 }, (_, i) => prefix + String.fromCharCode(65 + i));
    expect(commonPrefix(texts('问题：'))).toBe('问题：');
    expect(commonPrefix(texts('问：'))).toBe('');
    expect(commonPrefix(texts('query: '))).toBe('query:');
    expect(commonPrefix(texts('问： '))).toBe('');
  });

  it('find at most the first 200 characters of a common beginning', () => {
    const texts = Array.from({ length: 26 }, (_, i) => '猪'.repeat(201) + String.fromCharCode(65 + i));
    expect(commonPrefix(texts)).toBe('猪'.repeat(200));
  });

  it('compare only texts that begin alike so far', () => {
    // 18 of 20 are needed. 17 of the 19 texts that begin with 问题一 continue with 甲, and so does the other text.
    const alike = Array.from({ length: 17 }, (_, i) => `问题一甲乙${i}`);
    const texts = [...alike, '问题一丙0', '问题一丁1', '何谓猪甲乙9'];
    expect(commonPrefix(texts)).toBe('问题一');
  });

  it('list prompts of the experiment without the spaces around them', () => {
    expect(promptUses(['请回答：猪'], [], [' 请回答： ', ' '])).toEqual([
      { prompt: '请回答：', training: 1, evaluation: 0 },
    ]);
  });
});
