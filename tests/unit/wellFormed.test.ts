import { describe, expect, it } from 'vitest';
import { cutAt, wellFormed } from '../../src/domain/wellFormed';

describe('a well-formed text', () => {
  it('has U+FFFD in place of each half of a character, and keeps whole characters', () => {
    expect(wellFormed('猪😀\ud83d-\ude00')).toBe('猪😀\ufffd-\ufffd');
  });
});

describe('a text that is cut', () => {
  it('has at most the given length, and stays whole if it is short enough', () => {
    expect([cutAt('abcd', 3), cutAt('abc', 3), cutAt('', 3)]).toEqual(['abc', 'abc', '']);
  });

  it('never ends in half a character', () => {
    expect([cutAt('ab😀c', 3), cutAt('ab😀c', 4), cutAt('😀', 1)]).toEqual(['ab', 'ab😀', '']);
  });

  it('keeps its end and half characters before it unchanged', () => {
    expect([cutAt('ab\ud83d', 3), cutAt('\ud83dabc', 2)]).toEqual(['ab\ud83d', '\ud83da']);
  });
});
