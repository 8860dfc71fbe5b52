import type { DeviceArray } from './arrays';
import type { Kernel } from './kernel';

/**
 * Adapts a kernel to arrays stored in half precision. Kernels are written for float32. The adapted code converts
 * numbers to float32 as it reads them and back as it writes them; all computation in between stays the same.
 */
export function adaptToHalfPrecision<Param extends string, Read extends string, Write extends string>(
  kernel: Kernel<Param, Read, Write>,
  arrays: Readonly<Record<Read | Write, DeviceArray>>,
): Kernel<Param, Read, Write> {
  const halves = [...kernel.reads, ...kernel.writes].filter(
    (name) => arrays[name].dtype === 'f16' && !kernel.raw.includes(name),
  );
  return withHalfPrecision(kernel, halves);
}

/** Adapted code by kernel and by the names of its half-precision arrays. */
const made = new WeakMap<object, Map<string, string>>();

/** Returns the kernel with the named arrays stored in half precision. */
export function withHalfPrecision<Param extends string, Read extends string, Write extends string>(
  kernel: Kernel<Param, Read, Write>,
  names: readonly (Read | Write)[],
): Kernel<Param, Read, Write> {
  if (names.length === 0) return kernel;
  const known = made.get(kernel) ?? new Map<string, string>();
  made.set(kernel, known);
  const key = names.join();
  const code = known.get(key) ?? halfPrecisionCode(kernel.code, names);
  known.set(key, code);
  return { ...kernel, code };
}

/**
 * Rewrites a kernel's code so that the named arrays are stored in half precision. Throws RangeError if the code binds
 * no float array of a given name.
 */
export function halfPrecisionCode(code: string, names: readonly string[]): string {
  const elements = new Map<string, string>();
  let bound = code;
  for (const name of names) {
    const declaration = new RegExp(`(var<storage, \\w+> ${name}: array<)([^;]*)(>;)`);
    const element = declaration.exec(bound)?.[2];
    if (!element?.includes('f32')) throw new RangeError(`the kernel binds no float array named ${name}`);
    elements.set(name, element);
    bound = bound.replace(declaration, (_, before: string, type: string, after: string) => before + half(type) + after);
  }
  const conversions = [...new Set([...elements.values()].map(half))].map((type) => intoHalf[type] ?? '').join('');
  return `enable f16;\n${converted(bound, elements)}${oneIntoHalf}${conversions}`;
}

/**
 * Overflow must become Inf. WGSL may clamp to the largest finite number instead, which would hide the overflow from
 * loss scaling.
 */
const oneIntoHalf = `
fn f16_of(v: f32) -> f16 {
  return select(f16(v), bitcast<vec2<f16>>(0x7c00u | ((bitcast<u32>(v) >> 16u) & 0x8000u)).x, abs(v) > 65504.0);
}
`;
const intoHalf: Readonly<Record<string, string>> = {
  'vec2<f16>': 'fn vec2_of(v: vec2<f32>) -> vec2<f16> { return vec2(f16_of(v.x), f16_of(v.y)); }\n',
  'vec4<f16>':
    'fn vec4_of(v: vec4<f32>) -> vec4<f16> { return vec4(f16_of(v.x), f16_of(v.y), f16_of(v.z), f16_of(v.w)); }\n',
};

function half(type: string): string {
  return type.replace('f32', 'f16');
}

/**
 * Rewrites `x[i]` → `f32(x[i])`; `x[i] = v;` → `x[i] = f16_of(v);`; `x[i] += v;` → `x[i] = f16_of(f32(x[i]) + (v));`.
 * Arrays of vectors use the vector types.
 */
function converted(code: string, elements: ReadonlyMap<string, string>): string {
  const access = new RegExp(`(?<![\\w.])(${[...elements.keys()].join('|')})\\[`, 'g');
  let text = '';
  let done = 0;
  for (let found = access.exec(code); found; found = access.exec(code)) {
    const [, name = ''] = found;
    const type = elements.get(name) ?? 'f32';
    const indexEnd = closing(code, access.lastIndex);
    const place = `${name}[${converted(code.slice(access.lastIndex, indexEnd), elements)}]`;
    const assignment = /^\s*([-+*/]?)=(?!=)\s*/.exec(code.slice(indexEnd + 1));
    text += code.slice(done, found.index);
    done = indexEnd + 1;
    if (assignment) {
      const from = done + assignment[0].length;
      done = code.indexOf(';', from);
      const value = converted(code.slice(from, done), elements);
      const operator = assignment[1];
      const stored = operator ? `${type}(${place}) ${operator} (${value})` : value;
      text += `${place} = ${type === 'f32' ? 'f16' : type.slice(0, 4)}_of(${stored})`;
    } else text += `${type}(${place})`;
    access.lastIndex = done;
  }
  return text + code.slice(done);
}

/** Returns the index of the bracket that closes the one opened just before `from`. */
function closing(code: string, from: number): number {
  let depth = 1;
  for (let at = from; at < code.length; at++) {
    if (code[at] === '[') depth++;
    else if (code[at] === ']' && --depth === 0) return at;
  }
  throw new RangeError('unclosed bracket in kernel code');
}

/** Converts half-precision numbers, given as bits, to float32. */
export function fromHalfPrecision(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (each) => {
    const sign = each & 0x8000 ? -1 : 1;
    const exponent = (each >> 10) & 0x1f;
    const fraction = each & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
