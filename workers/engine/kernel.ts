/** WGSL element type of a bound array. */
export type KernelElement = 'f32' | 'vec2<f32>' | 'vec4<f32>' | 'u32' | 'vec2<u32>' | 'vec4<u32>';
type KernelParamType = 'u32' | 'f32';

/**
 * How the wasm engine runs a kernel: a function in workers/engine/wasm/assembly whose items are split among threads.
 */
export interface KernelWasmCall<Param extends string> {
  /**
   * Name of the function. It is called with the addresses of the arrays read and written, the params, `constants`, the
   * first item, and one past the last item.
   */
  call: string;
  /** Number of items to split among threads; the function decides whether an item is a row, a quad or a block. */
  items: (params: Readonly<Record<Param, number>>) => number;
  constants?: readonly number[];
  /** Items that a thread takes at a time. Depends on the number of threads if absent. */
  grain?: number;
  /** Scratch bytes that each thread needs. Required if a thread may need more than 1 MiB. */
  scratchBytes?: (params: Readonly<Record<Param, number>>) => number;
}

export interface KernelSpec<Param extends string, Read extends string, Write extends string> {
  /** Name shown in errors and profiles. */
  name: string;
  /** Fields of the uniform struct `p`. */
  params: Readonly<Record<Param, KernelParamType>>;
  reads: Readonly<Record<Read, KernelElement>>;
  writes: Readonly<Record<Write, KernelElement>>;
  workgroup: readonly [number, number, number];
  /** Module-scope declarations: workgroup memory, functions. */
  globals?: string;
  /** FLOPs of a dispatch. Set this if computing takes longer than reading and writing. */
  flops?: (params: Readonly<Record<Param, number>>) => number;
  /**
   * Whether the kernel calls subgroup functions. Its code can then use `subgroup_size` and `subgroup_lane`. Needs the
   * feature `subgroups`.
   */
  subgroups?: boolean;
  /**
   * Whether the kernel uses subgroup matrices of half-precision numbers. Needs `shader-f16`, `subgroups` and Chromium's
   * subgroup matrices.
   */
  subgroupMatrix?: boolean;
  /**
   * Body of the entry point. It can use `gid` (global id), `lid` (local id), `lane` (local index) and `group`: the
   * workgroup's index, counted across both dimensions if `groups` was one number.
   */
  body: string;
  wasm?: KernelWasmCall<Param>;
}

/** A compute shader with a name for every binding. Identical code is compiled once per device. */
export interface Kernel<Param extends string = string, Read extends string = string, Write extends string = string> {
  name: string;
  code: string;
  params: readonly (readonly [Param, KernelParamType])[];
  reads: readonly Read[];
  writes: readonly Write[];
  /**
   * Arrays bound as unsigned integers. They are not adapted to half precision, because the kernel handles their storage
   * type itself.
   */
  raw: readonly (Read | Write)[];
  flops?(params: Readonly<Record<Param, number>>): number;
  wasm: KernelWasmCall<Param> | undefined;
}

const subgroupMatrixFeatures =
  'enable f16;\nenable subgroups;\nenable chromium_experimental_subgroup_matrix;\n' +
  'diagnostic(off, chromium.subgroup_matrix_uniformity);\n';
const subgroupInputs = `
  @builtin(subgroup_size) subgroup_size: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,`;

export function kernel<Param extends string, Read extends string, Write extends string>(
  spec: KernelSpec<Param, Read, Write>,
): Kernel<Param, Read, Write> {
  const params = entries(spec.params);
  const reads = entries(spec.reads);
  const writes = entries(spec.writes);
  const fields = params.map(([name, type]) => `  ${name}: ${type},`).join('\n');
  const bindings = [
    ...reads.map(([name, element]) => ({ name, element, access: 'read' })),
    ...writes.map(([name, element]) => ({ name, element, access: 'read_write' })),
  ].map(
    ({ name, element, access }, i) =>
      `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: array<${element}>;`,
  );
  const features = (spec.subgroupMatrix ? subgroupMatrixFeatures : '') + (spec.subgroups ? 'enable subgroups;\n' : '');
  const code = `${features}struct Params {
${fields || '  unused: u32,'}
}
@group(0) @binding(0) var<uniform> p: Params;
${bindings.join('\n')}
${spec.globals ?? ''}
@compute @workgroup_size(${spec.workgroup.join(', ')})
fn main(
  @builtin(global_invocation_id) gid: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,${spec.subgroups ? subgroupInputs : ''}
) {
  let group = wid.x + wid.y * nwg.x;
${spec.body}
}
`;
  const names = { reads: reads.map(([name]) => name), writes: writes.map(([name]) => name) };
  const raw = [...reads, ...writes].filter(([, element]) => element.includes('u32')).map(([name]) => name);
  const made = { name: spec.name, code, params, ...names, raw, wasm: spec.wasm };
  return spec.flops ? { ...made, flops: spec.flops } : made;
}

/**
 * FLOPs that a device computes in the time it takes to read or write one byte. A rough figure for GPUs, precise enough
 * for kernels that only move numbers.
 */
const flopsPerByte = 8;

/** Estimates the FLOPs of a dispatch that binds `boundBytes` bytes. */
export function kernelFlops<Param extends string>(
  kernel: Kernel<Param>,
  params: Readonly<Record<Param, number>>,
  boundBytes: number,
): number {
  return (kernel.flops?.(params) ?? 0) + flopsPerByte * boundBytes;
}

/**
 * Writes a kernel's params as the bytes of its uniform. All fields are four bytes wide, so there is no padding between
 * them.
 */
export function packKernelParams<Param extends string>(
  { params }: Kernel<Param>,
  values: Readonly<Record<Param, number>>,
  into: DataView,
  offset: number,
): void {
  params.forEach(([name, type], i) => {
    if (type === 'u32') into.setUint32(offset + 4 * i, values[name], true);
    else into.setFloat32(offset + 4 * i, values[name], true);
  });
}

function entries<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  const found: [Key, Value][] = [];
  for (const key in record) found.push([key, record[key]]);
  return found;
}
