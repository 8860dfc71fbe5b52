import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import type { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { sha256Hasher, sha256Hex, sha256Stream } from '../../../src/domain/hash';

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as AppError).details;
  }
}

describe('canonical JSON', () => {
  // Examples from RFC 8785, sections 3.2.2 and 3.2.3.
  it('matches the example in RFC 8785 for numbers, strings and literals', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts object keys by UTF-16 code units, as RFC 8785 requires', () => {
    const value = {
      '\u20ac': 'Euro',
      '\r': 'CR',
      '\ufb33': 'Dalet',
      '1': 'One',
      '\ud83d\ude00': 'Smiley',
      '\u0080': 'Control',
      '\u00f6': 'o',
    };
    const order = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map((match) => match[1]);
    expect(order).toEqual(['CR', 'One', 'Control', 'o', 'Euro', 'Smiley', 'Dalet']);
  });

  it('does not depend on the order of members, and parses back to the same value', () => {
    const property = fc.property(fc.dictionary(fc.string(), fc.jsonValue({ stringUnit: 'grapheme' })), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    });
    fc.assert(property);
  });

  it('rejects a value without a canonical form and names its path', () => {
    expect(thrown(() => canonicalJson({ a: [1, Number.NaN] }))).toEqual({
      kind: 'experiment-invalid',
      path: 'a[1]',
      found: 'NaN',
      expected: own('finite-number'),
    });
    expect(thrown(() => canonicalJson({ a: { b: 'x\ud800' } }))).toMatchObject({
      path: 'a.b',
      found: own('lone-surrogate'),
    });
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
  });
});

describe('SHA-256', () => {
  it('matches the example in FIPS 180-2, however the bytes are split', async () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await sha256Hex('abc')).toBe(expected);
    expect(await sha256Stream(['a', new TextEncoder().encode('bc')])).toBe(expected);
    const whole = Float32Array.of(1, 2, 3, 4);
    expect(await sha256Stream([whole.subarray(0, 1), whole.subarray(1)])).toBe(await sha256Hex(whole));
    const hasher = await sha256Hasher();
    hasher.update('ab').update('c');
    expect(hasher.hex()).toBe(expected);
  });
});
