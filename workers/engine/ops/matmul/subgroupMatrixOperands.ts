import type { MatrixVariant } from './subgroupMatrixKernel';
import { packed, tileStride, tilingSubgroups } from './subgroupMatrixTiling';

type Operand = 'a' | 'b';

/** WGSL of one operand on its way from storage through workgroup memory into fragments. */
interface OperandTile {
  /** Declares which numbers of a tile the thread moves. */
  places: string;
  /** Loads the thread's share of the tile that begins at element `k` of the inner dimension into registers. */
  load: (k: string) => string;
  /** Moves the loaded numbers to workgroup memory. */
  keep: string;
  /** Loads the fragments of a subgroup's rows or columns at element `k` of the tile. */
  fragments: (k: number) => string;
}

/** Whether the operand's rows run along the inner dimension. */
function isInnerContiguous({ layout }: MatrixVariant, name: Operand): boolean {
  return name === 'a' ? layout !== 'TN' : layout === 'NT';
}

/**
 * Returns the WGSL of one operand. Rows of storage become rows of workgroup memory, so nothing is transposed: fragments
 * are loaded by rows or by columns. Past the end, the inner dimension is filled with zeros and the outer one with
 * numbers whose results are dropped.
 */
export function operandTile(variant: MatrixVariant, name: Operand, offset: number): OperandTile {
  const { tiling, subgroupSize } = variant;
  const inner = isInnerContiguous(variant, name);
  const side = name === 'a' ? tiling.rows : tiling.columns;
  const [first, limit] = name === 'a' ? ['tileRow', 'p.rows'] : ['tileColumn', 'p.columns'];
  const stride = tileStride(side, tiling.depth, inner);
  const threads = tilingSubgroups(tiling) * subgroupSize;
  const width = (inner ? tiling.depth : side) / packed;
  const rowsPerPass = threads / width;
  const passes = Array.from({ length: (inner ? side : tiling.depth) / rowsPerPass }, (_, i) => i);
  const value = (i: number): string => `${name}_next${i}`;
  // With four units a row, lanes 4..7 take the fourth row after that of lanes 0..3: eight lanes then store to different
  // banks.
  const swizzled = inner && width === 4;
  const row = swizzled ? 'lane / 32u * 8u + lane / 4u % 2u * 4u + lane / 8u % 4u' : `lane / ${width}u`;
  const places = `
  let ${name}_row = ${row};
  let ${name}_column = lane % ${width}u;
${inner ? `  let ${name}_width = p.depth / ${packed}u;` : `  let ${name}_width = ${limit} / ${packed}u;`}
${
  inner
    ? passes
        .map(
          (i) =>
            `  let ${name}_at${i} = min(${first} + ${name}_row + ${i * rowsPerPass}u, ${limit} - 1u) * ${name}_width + ${name}_column;`,
        )
        .join('\n')
    : `  let ${name}_at = min(${first} / ${packed}u + ${name}_column, ${name}_width - 1u);`
}
${passes.map((i) => `  var ${value(i)} = vec4<u32>();`).join('\n')}
`;
  const load = (k: string): string =>
    inner
      ? `
    {
      let at = (${k}) / ${packed}u;
      let inside = (at + ${name}_column) * ${packed}u < end;
${passes.map((i) => `      ${value(i)} = vec4<u32>(); if (inside) { ${value(i)} = ${name}[${name}_at${i} + at]; }`).join('\n')}
    }
`
      : `
    {
      let at = ${k} + ${name}_row;
${passes.map((i) => `      ${value(i)} = vec4<u32>(); if (at + ${i * rowsPerPass}u < end) { ${value(i)} = ${name}[(at + ${i * rowsPerPass}u) * ${name}_width + ${name}_at]; }`).join('\n')}
    }
`;
  const keep = passes
    .map(
      (i) =>
        `    tile[buffer + ${offset}u + (${name}_row + ${i * rowsPerPass}u) * ${stride}u + ${name}_column] = ${value(i)};\n`,
    )
    .join('');
  const owned = name === 'a' ? 'firstRow' : 'firstColumn';
  const at = (i: number, k: number): string => {
    const outer = i * fragmentSide(variant, name);
    return inner
      ? `buffer + ${offset + k / packed + outer * stride}u + ${owned} * ${stride}u`
      : `buffer + ${offset + k * stride + outer / packed}u + ${owned} / ${packed}u`;
  };
  const fragments = (k: number): string =>
    fragmentLoads(variant, name, (i) => `&tile, ${at(i, k)}, ${stride}u`).join('\n');
  return { places, load, keep, fragments };
}

/** Returns WGSL that loads an operand's fragments at element `k` of the inner dimension straight from storage. */
export function storageFragments(variant: MatrixVariant, name: Operand): string {
  const inner = isInnerContiguous(variant, name);
  const outer = name === 'a' ? 'tileRow + firstRow' : 'tileColumn + firstColumn';
  const width = inner ? 'p.depth' : name === 'a' ? 'p.rows' : 'p.columns';
  const at = (i: number): string => {
    const o = `(${outer} + ${i * fragmentSide(variant, name)}u)`;
    return inner ? `(${o} * ${width} + k) / ${packed}u` : `(k * ${width} + ${o}) / ${packed}u`;
  };
  return fragmentLoads(variant, name, (i) => `&${name}, ${at(i)}, ${width} / ${packed}u`).join('\n');
}

function fragmentSide({ fragment }: MatrixVariant, name: Operand): number {
  return name === 'a' ? fragment.rows : fragment.columns;
}

function fragmentLoads(variant: MatrixVariant, name: Operand, from: (i: number) => string): string[] {
  const { fragment, tiling } = variant;
  const type =
    name === 'a'
      ? `subgroup_matrix_left<f16, ${fragment.depth}, ${fragment.rows}>`
      : `subgroup_matrix_right<f16, ${fragment.columns}, ${fragment.depth}>`;
  // A left operand is stored by rows if its rows run along k, a right operand if its columns do not.
  const byRows = isInnerContiguous(variant, name) === (name === 'a');
  const count = (name === 'a' ? tiling.subgroupRows : tiling.subgroupColumns) / fragmentSide(variant, name);
  return Array.from(
    { length: count },
    (_, i) => `      let ${name}${i} = subgroupMatrixLoad<${type}, ${byRows ? 'row_major' : 'col_major'}>(${from(i)});`,
  );
}
