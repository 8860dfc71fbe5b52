import { describe, expect, it } from 'vitest';
import { fromHalfPrecision, halfPrecisionCode, withHalfPrecision } from '../../workers/engine/halfPrecision';
import { kernel } from '../../workers/engine/kernel';

const declared = (body: string): string => `
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
${body}`;
const inHalf = (body: string, ...names: string[]): string =>
  halfPrecisionCode(declared(body), names).split('\n').slice(5).join('\n').split('\nfn ')[0] ?? '';

describe('a kernel with half-precision arrays', () => {
  it("converts each read to f32 and each write to the array's own type", () => {
    expect(inHalf('y[i] = v * x[i];', 'x', 'y')).toBe('y[i] = vec4_of(v * f32(x[i]));');
    expect(inHalf('y[i] += v;', 'y')).toBe('y[i] = vec4_of(vec4<f32>(y[i]) + (v));');
    expect(inHalf('let s = y[i].x + y[i + 1u][2];', 'y')).toBe('let s = vec4<f32>(y[i]).x + vec4<f32>(y[i + 1u])[2];');
  });

  it('converts accesses inside nested brackets', () => {
    expect(inHalf('y[at[k[2]]] = f(x[at[i]]);', 'x', 'y')).toBe('y[at[k[2]]] = vec4_of(f(f32(x[at[i]])));');
    expect(inHalf('s += x[u32(x[i])];', 'x')).toBe('s += f32(x[u32(f32(x[i]))]);');
  });

  it('leaves comparisons, fields, longer names and other arrays unchanged', () => {
    expect(inHalf('if (x[i] == 0.0) { tile_x[i] = p.x[i] + at[i]; }', 'x')).toBe(
      'if (f32(x[i]) == 0.0) { tile_x[i] = p.x[i] + at[i]; }',
    );
  });

  it('enables f16 in the first line and declares the arrays as f16', () => {
    const [first, , x, at, y] = halfPrecisionCode(declared(''), ['x']).split('\n');
    expect(first).toBe('enable f16;');
    expect([x, at, y].map((line) => line?.split(': ')[1])).toEqual(['array<f16>;', 'array<u32>;', 'array<vec4<f32>>;']);
  });

  it('rejects arrays of other types and unknown arrays', () => {
    expect(() => halfPrecisionCode(declared(''), ['at'])).toThrow(RangeError);
    expect(() => halfPrecisionCode(declared(''), ['z'])).toThrow(RangeError);
  });

  it('is a separate kernel that leaves the float32 kernel unchanged', () => {
    const add = kernel({
      name: 'add',
      params: {},
      reads: { x: 'f32' },
      writes: { y: 'f32' },
      workgroup: [1, 1, 1],
      body: 'y[0] = x[0];',
    });
    const { code } = add;
    expect(withHalfPrecision(add, ['x']).code).toContain('y[0] = f32(x[0]);');
    expect(add.code).toBe(code);
    expect(code).not.toContain('f16');
  });
});

describe('half-precision numbers', () => {
  it('are decoded as IEEE 754 binary16', () => {
    const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00, 0x7e00];
    expect([...fromHalfPrecision(Uint16Array.from(bits))]).toEqual([
      0,
      -0,
      1,
      -2,
      0.333251953125,
      65_504,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      Infinity,
      -Infinity,
      NaN,
    ]);
  });
});
