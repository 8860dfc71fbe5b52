/** How one array is bound: the WGSL element, and whether the kernel writes it. */
export type Element = 'f32' | 'vec2<f32>' | 'vec4<f32>' | 'u32' | 'vec2<u32>' | 'vec4<u32>';
export type ParamType = 'u32' | 'f32';

/** How the wasm engine runs a kernel: by a function of workers/engine/wasm/assembly, shared out among threads by items. */
export interface WasmCall<Param extends string> {
  /** Called with the addresses of what the kernel reads and writes, its params, `constants`, and the first item and the one behind the last. */
  call: string;
  /** Rows, quads, blocks: what the function counts. */
  items: (params: Readonly<Record<Param, number>>) => number;
  constants?: readonly number[];
  /** Items that a thread takes at once; without it as suits the threads. */
  grain?: number;
  /** Bytes of its own memory that a thread needs, where it may be more than a megabyte. */
  scratchBytes?: (params: Readonly<Record<Param, number>>) => number;
}

export interface KernelSpec<Param extends string, Read extends string, Write extends string> {
  /** Shown in errors and profiles. */
  name: string;
  /** Fields of the uniform `p`. */
  params: Readonly<Record<Param, ParamType>>;
  reads: Readonly<Record<Read, Element>>;
  writes: Readonly<Record<Write, Element>>;
  workgroup: readonly [number, number, number];
  /** Declarations outside of the entry point: workgroup memory, functions. */
  globals?: string;
  /** FLOPs of a dispatch, where they outweigh its reading and writing. */
  flops?: (params: Readonly<Record<Param, number>>) => number;
  /** The kernel calls subgroup functions, and has `subgroup_size` and `subgroup_lane`. Only for devices with the feature `subgroups`. */
  subgroups?: boolean;
  /** The kernel uses subgroup matrices of numbers in half precision. Only for devices with the features for that. */
  subgroupMatrix?: boolean;
  /**
   * Statements of the entry point, which has `gid` (global id), `lid` (local id), `lane` (local index) and `group`: the number of the
   * workgroup, counted through both dimensions where `groups` was one number.
   */
  body: string;
  wasm?: WasmCall<Param>;
}

/** A compute shader with names for all that it binds. Equal code is compiled once a device. */
export interface Kernel<Param extends string = string, Read extends string = string, Write extends string = string> {
  name: string;
  code: string;
  params: readonly (readonly [Param, ParamType])[];
  reads: readonly Read[];
  writes: readonly Write[];
  flops?(params: Readonly<Record<Param, number>>): number;
  wasm: WasmCall<Param> | undefined;
}

const subgroupMatrixFeatures =
  'enable f16;\nenable subgroups;\nenable chromium_experimental_subgroup_matrix;\ndiagnostic(off, chromium.subgroup_matrix_uniformity);\n';
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
  const code = `${spec.subgroupMatrix ? subgroupMatrixFeatures : ''}${spec.subgroups ? 'enable subgroups;\n' : ''}struct Params {
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
  const made = { name: spec.name, code, params, ...names, wasm: spec.wasm };
  return spec.flops ? { ...made, flops: spec.flops } : made;
}

/** FLOPs that a device could do while it reads or writes a byte: about what GPUs offer, and enough to weigh kernels that only move numbers. */
const flopsPerByte = 8;

/** Estimated FLOPs of a dispatch that binds so many bytes. */
export function workOf<Param extends string>(
  kernel: Kernel<Param>,
  params: Readonly<Record<Param, number>>,
  boundBytes: number,
): number {
  return (kernel.flops?.(params) ?? 0) + flopsPerByte * boundBytes;
}

/** The uniform's bytes; all fields are four bytes wide, so they lie one after the other. */
export function packParams<Param extends string>(
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
