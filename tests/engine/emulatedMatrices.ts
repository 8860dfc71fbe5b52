import type { Kernel } from '../../workers/engine/kernel';

/**
 * Returns a kernel of subgroup matrices as plain WGSL that any device runs: every thread computes whole fragments by
 * itself. Slow, but it checks everything that the kernel says: which numbers it loads, multiplies and stores.
 */
export function withoutMatrixUnits<Param extends string, Read extends string, Write extends string>(
  kernel: Kernel<Param, Read, Write>,
): Kernel<Param, Read, Write> {
  const functions = new Set<string>();
  const code = kernel.code
    .replace(/^(enable (subgroups|chromium_\w+)|diagnostic\(off, chromium\.\w+\));\n/gm, '')
    .replace(/vec2<f32>\(bitcast<vec2<f16>>\(/g, '(unpack2x16float(')
    .replace(/subgroup_matrix_result<f32, (\d+), (\d+)>\(\)/g, (_, columns: string, rows: string) => {
      return `array<f32, ${Number(columns) * Number(rows)}>()`;
    })
    .replace(
      /subgroupMatrixLoad<subgroup_matrix_(left|right)<f16, (\d+), (\d+)>, (row|col)_major>\(&(\w+), /g,
      (_, side: string, columns: string, rows: string, major: string, memory: string) => {
        functions.add(load(`load_${side}_${memory}`, memory, Number(rows), Number(columns), major === 'row'));
        return `load_${side}_${memory}(`;
      },
    )
    .replace(/subgroupMatrixStore<row_major>\(&(\w+), /g, (_, memory: string) => `store_${memory}(`);
  const [, columns = '16', rows = '16'] = /subgroup_matrix_result<f32, (\d+), (\d+)>/.exec(kernel.code) ?? [];
  const [, depth = '16'] = /subgroup_matrix_left<f16, (\d+)/.exec(kernel.code) ?? [];
  functions.add(multiply(Number(rows), Number(columns), Number(depth)));
  for (const memory of ['tile', 'y']) functions.add(store(memory, Number(rows), Number(columns)));
  const whole = code.replaceAll('subgroupMatrixMultiplyAccumulate(', 'multiply(') + [...functions].join('');
  return {
    ...kernel,
    code: whole.replace('enable f16;', '').includes('f16') ? whole : whole.replace('enable f16;', ''),
  };
}

function load(name: string, memory: string, rows: number, columns: number, byRows: boolean): string {
  return `
fn ${name}(offset: u32, stride: u32) -> array<f32, ${rows * columns}> {
  var m: array<f32, ${rows * columns}>;
  for (var i = 0u; i < ${rows * columns}u; i++) {
    let at = ${byRows ? `8u * (offset + i / ${columns}u * stride) + i % ${columns}u` : `8u * (offset + i % ${columns}u * stride) + i / ${columns}u`};
    m[i] = unpack2x16float(${memory}[at / 8u][at % 8u / 2u])[at % 2u];
  }
  return m;
}`;
}

function multiply(rows: number, columns: number, depth: number): string {
  return `
fn multiply(a: array<f32, ${rows * depth}>, b: array<f32, ${depth * columns}>, c: array<f32, ${rows * columns}>) -> array<f32, ${rows * columns}> {
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

function store(memory: string, rows: number, columns: number): string {
  const value = memory === 'tile' ? 'bitcast<u32>(m[i])' : 'm[i]';
  return `
fn store_${memory}(offset: u32, c: array<f32, ${rows * columns}>, stride: u32) {
  var m = c;
  for (var i = 0u; i < ${rows * columns}u; i++) {
    ${memory}[offset + i / ${columns}u * stride + i % ${columns}u / 4u][i % 4u] = ${value};
  }
}`;
}
