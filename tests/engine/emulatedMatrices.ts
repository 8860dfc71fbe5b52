import type { Kernel } from '../../workers/engine/kernel';

/**
 * Rewrites a kernel for subgroup matrices as plain WGSL, which runs on any device: every thread computes whole
 * fragments alone. This is slow, but it tests everything that the kernel controls: which numbers it loads, multiplies
 * and stores.
 */
export function withoutMatrixUnits<Param extends string, Read extends string, Write extends string>(
  kernel: Kernel<Param, Read, Write>,
): Kernel<Param, Read, Write> {
  const functions = new Set<string>();
  const [, columns = '16', rows = '16'] = /subgroup_matrix_result<f32, (\d+), (\d+)>/.exec(kernel.code) ?? [];
  const [, depth = '16'] = /subgroup_matrix_left<f16, (\d+)/.exec(kernel.code) ?? [];
  functions.add(multiply(Number(rows), Number(columns), Number(depth)));
  const code = kernel.code
    .replace(/^(enable (subgroups|chromium_\w+)|diagnostic\(off, chromium\.\w+\));\n/gm, '')
    .replace(/vec2<f32>\(bitcast<vec2<f16>>\(/g, '(unpack2x16float(')
    .replace(/subgroup_matrix_result<f32, \d+, \d+>\(\)/g, `array<f32, ${Number(columns) * Number(rows)}>()`)
    .replace(
      /subgroupMatrixLoad<subgroup_matrix_(left|right)<f16, (\d+), (\d+)>, (row|col)_major>\(&(\w+)(?:\[(.*?)\])?, /g,
      (_, side: string, wide: string, high: string, major: string, memory: string, block: string | undefined) => {
        functions.add(load(`load_${side}`, memory, block, Number(high), Number(wide), major === 'row'));
        return `load_${side}(${block ?? '0u'}, `;
      },
    )
    .replace(
      /subgroupMatrixStore<row_major>\(&(\w+)(?:\[(.*?)\])?, /g,
      (_, memory: string, block: string | undefined) => {
        functions.add(store(`store_${memory}`, memory, block, Number(rows), Number(columns)));
        return `store_${memory}(${block ?? '0u'}, `;
      },
    )
    .replaceAll('subgroupMatrixMultiplyAccumulate(', 'multiply(');
  const whole = code + [...functions].join('');
  const plain = whole.replaceAll('enable f16;\n', '');
  return { ...kernel, code: plain.includes('f16_of') ? `enable f16;\n${plain}` : plain };
}

function load(
  name: string,
  memory: string,
  block: string | undefined,
  rows: number,
  columns: number,
  byRows: boolean,
): string {
  const at = byRows
    ? `8u * (offset + i / ${columns}u * stride) + i % ${columns}u`
    : `8u * (offset + i % ${columns}u * stride) + i / ${columns}u`;
  return `
fn ${name}(block: u32, offset: u32, stride: u32) -> array<f32, ${rows * columns}> {
  var m: array<f32, ${rows * columns}>;
  for (var i = 0u; i < ${rows * columns}u; i++) {
    let at = ${at};
    m[i] = unpack2x16float(${memory}${block === undefined ? '' : '[block]'}[at / 8u][at % 8u / 2u])[at % 2u];
  }
  return m;
}`;
}

function multiply(rows: number, columns: number, depth: number): string {
  return `
fn multiply(
  a: array<f32, ${rows * depth}>,
  b: array<f32, ${depth * columns}>,
  c: array<f32, ${rows * columns}>,
) -> array<f32, ${rows * columns}> {
  var left = a;
  var right = b;
  var m = c;
  for (var i = 0u; i < ${rows * columns}u; i++) {
    for (var k = 0u; k < ${depth}u; k++) {
      m[i] = fma(left[i / ${columns}u * ${depth}u + k], right[k * ${columns}u + i % ${columns}u], m[i]);
    }
  }
  return m;
}`;
}

function store(name: string, memory: string, block: string | undefined, rows: number, columns: number): string {
  const place = `offset + i / ${columns}u * stride + i % ${columns}u / 4u`;
  const line =
    block === undefined
      ? `${memory}[${place}][i % 4u] = m[i];`
      : `${memory}[block][${place}][i % 4u] = bitcast<u32>(m[i]);`;
  return `
fn ${name}(block: u32, offset: u32, c: array<f32, ${rows * columns}>, stride: u32) {
  var m = c;
  for (var i = 0u; i < ${rows * columns}u; i++) {
    ${line}
  }
}`;
}
