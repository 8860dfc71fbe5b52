import { describe, expect, it } from 'vitest';
import { int8Codes, int8Ranges, int8Values, type Int8Ranges } from '../../../src/domain/evaluate/int8';
import { bytesPerVector, normaliseAt, vectorForms } from '../../../src/domain/evaluate/vectorForm';
import golden from '../../fixtures/metrics/int8.json';

const { width } = golden;

function rowsOf(values: readonly number[]): Float32Array[] {
  const all = Float32Array.from(values);
  return Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width));
}

function codesOf(values: readonly number[], ranges: Int8Ranges): Int8Array {
  const codes = new Int8Array(values.length);
  rowsOf(values).forEach((row, i) => int8Codes(row, ranges, codes, i * width));
  return codes;
}

describe('int8 codes of vectors', () => {
  const ranges = int8Ranges(width, rowsOf(golden.vectors));

  it('equal those of quantize_embeddings in sentence-transformers, a dimension without a range included', () => {
    expect([...codesOf(golden.vectors, ranges)]).toEqual(golden.codes);
  });

  it('are clipped outside the ranges, as in sentence-transformers', () => {
    expect([...codesOf(golden.outside, ranges)]).toEqual(golden.clipped);
  });

  it('stand for values at most half a step from the original ones', () => {
    const codes = codesOf(golden.vectors, ranges);
    const back = new Float32Array(width);
    rowsOf(golden.vectors).forEach((row, i) => {
      int8Values(codes, ranges, { from: i * width, into: back, at: 0 });
      row.forEach((value, at) => {
        // The largest value of a dimension is clipped to the last step, whose middle is half a step below it.
        const halfStep = (ranges.steps[at] ?? 0) / 2;
        expect(Math.abs((back[at] ?? 0) - value)).toBeLessThanOrEqual(halfStep * 1.001 + 1e-7);
      });
    });
    expect(back[3]).toBe(0.25);
  });

  it('use the smallest and the largest value of each dimension, whichever row holds them', () => {
    const rows = [Float32Array.of(1, -2), Float32Array.of(3, 5), Float32Array.of(-1, 0)];
    const { starts, steps } = int8Ranges(2, rows);
    expect([...starts]).toEqual([-1, -2]);
    expect([...steps]).toEqual([Math.fround(4 / 255), Math.fround(7 / 255)]);
  });
});

describe('the forms of vectors', () => {
  it('begin with the whole vector, and skip cuts that are not shorter', () => {
    const named = (width: number) => vectorForms(width).map(({ dimensions, numbers }) => `${dimensions} ${numbers}`);
    expect(named(256)).toEqual(['256 float32', '256 int8', '128 float32', '128 int8', '64 float32', '64 int8']);
    expect(named(768).slice(2, 4)).toEqual(['256 float32', '256 int8']);
    expect(named(64)).toEqual(['64 float32', '64 int8']);
  });

  it('take four bytes per dimension in float32 and one in int8', () => {
    expect(bytesPerVector({ dimensions: 384, numbers: 'float32' })).toBe(1536);
    expect(bytesPerVector({ dimensions: 384, numbers: 'int8' })).toBe(384);
  });

  it('have length 1 after a cut, wherever they lie in the array, unless all numbers are 0', () => {
    const values = Float32Array.from([9, 3, 4, 9, 0, 0]);
    normaliseAt(values, 1, 2);
    normaliseAt(values, 4, 2);
    expect([...values]).toEqual([9, Math.fround(0.6), Math.fround(0.8), 9, 0, 0]);
  });
});
