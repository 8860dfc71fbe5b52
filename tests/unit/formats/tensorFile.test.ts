import { expect, it } from 'vitest';
import { fileTensorToFloat32, isFileDType } from '../../../workers/formats/tensorFile';

it('every finite, infinite or undefined half-precision number becomes the same float32 number', () => {
  const bits = Uint16Array.of(0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3c00, 0xbe00, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
  const expected = [0, -0, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, 1, -1.5, 65504, Infinity, -Infinity, NaN];
  expect([...(fileTensorToFloat32(bits.buffer, 'F16') ?? [])]).toEqual(expected);
});

it('float64 numbers are rounded to float32', () => {
  const values = Float64Array.of(1, 0.1, -1e300);
  expect([...(fileTensorToFloat32(values.buffer, 'F64') ?? [])]).toEqual([1, Math.fround(0.1), -Infinity]);
});

it.each(['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'] as const)('%s numbers are never read as weights', (dtype) => {
  expect(fileTensorToFloat32(new ArrayBuffer(8), dtype)).toBeUndefined();
});

it('known types are distinguished from unknown ones that a file may name', () => {
  expect(['F32', 'BOOL'].every(isFileDType)).toBe(true);
  expect(['F8_E4M3', 'toString', '', 4, null, undefined].some(isFileDType)).toBe(false);
});
