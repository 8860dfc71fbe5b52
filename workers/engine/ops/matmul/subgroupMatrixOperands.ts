import { blockStride, packed, tilingSubgroups } from './subgroupMatrixTiling';
import type { MatrixVariant } from './subgroupMatrixVariant';

type Operand = 'a' | 'b';

/** WGSL that moves one operand from storage through workgroup memory into fragments. */
export interface OperandTile {
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
 * are loaded by rows or by columns. Past the end, the inner dimension is filled with zeros, and the outer one with
 * numbers whose results are discarded.
 */
export function operandTile(variant: MatrixVariant, name: Operand): OperandTile {
  const { tiling, subgroupSize } = variant;
  const { depth } = tiling;
  const inner = isInnerContiguous(variant, name);
  const side = name === 'a' ? tiling.rows : tiling.columns;
  const blockSide = name === 'a' ? tiling.subgroupRows : tiling.subgroupColumns;
  const width = (inner ? depth : side) / packed;
  const rowsPerPass = (tilingSubgroups(tiling) * subgroupSize) / width;
  const passes = Array.from({ length: (inner ? side : depth) / rowsPerPass }, (_, i) => i);
  if ((inner ? side : depth) % rowsPerPass > 0) throw new RangeError(`too many threads for ${side} × ${depth} numbers`);
  const stride = blockStride(blockSide, depth, inner);
  const text = { name, inner, width, passes, rowsPerPass, stride, blockSide };
  const first = `${firstBlock(variant, name)}u + `;
  const own = name === 'a' ? 'rowBlock' : 'columnBlock';
  const fragments = (k: number): string =>
    fragmentLoads(variant, name, (i) => {
      const outer = i * fragmentSide(variant, name);
      const at = inner ? outer * stride + k / packed : k * stride + outer / packed;
      return `&blocks[${first}${own}], ${at}u, ${stride}u`;
    }).join('\n');
  return { places: places(text), load: (k) => load(text, k), keep: keep(text, first), fragments };
}

interface Share {
  name: Operand;
  /** Whether the operand's rows run along the inner dimension. */
  inner: boolean;
  /** Length of a row of the tile, in vec4<u32>. */
  width: number;
  /** A thread moves one vec4<u32> per pass, and each pass is `rowsPerPass` rows below the previous one. */
  passes: number[];
  rowsPerPass: number;
  /** Length of a block's row, in vec4<u32>. */
  stride: number;
  /** Outer length of a block. */
  blockSide: number;
}

function places({ name, inner, width, passes, rowsPerPass }: Share): string {
  const [first, limit] = name === 'a' ? ['tileRow', 'p.rows'] : ['tileColumn', 'p.columns'];
  // With four vec4s per row, lanes 4..7 take the fourth row after that of lanes 0..3, so that eight lanes store to
  // different banks.
  const swizzled = inner && width === 4;
  const row = swizzled ? 'lane / 32u * 8u + lane / 4u % 2u * 4u + lane / 8u % 4u' : `lane / ${width}u`;
  const at = inner
    ? passes.map(
        (i) =>
          `  let ${name}_at${i} = min(${first} + ${name}_row + ${i * rowsPerPass}u, ${limit} - 1u) * ${name}_width + ${name}_column;`,
      )
    : [`  let ${name}_at = min(${first} / ${packed}u + ${name}_column, ${name}_width - 1u);`];
  return `
  let ${name}_row = ${row};
  let ${name}_column = lane % ${width}u;
  let ${name}_width = ${inner ? 'p.depth' : limit} / ${packed}u;
${at.join('\n')}
${passes.map((i) => `  var ${name}_next${i} = vec4<u32>();`).join('\n')}
`;
}

function load({ name, inner, passes, rowsPerPass }: Share, k: string): string {
  const one = (i: number): string =>
    inner
      ? `if (inside) { ${name}_next${i} = ${name}[${name}_at${i} + at]; }`
      : `if (at + ${i * rowsPerPass}u < end) { ${name}_next${i} = ${name}[(at + ${i * rowsPerPass}u) * ${name}_width + ${name}_at]; }`;
  return `
    {
      let at = ${inner ? `(${k}) / ${packed}u` : `${k} + ${name}_row`};
${inner ? `      let inside = (at + ${name}_column) * ${packed}u < end;` : ''}
${passes.map((i) => `      ${name}_next${i} = vec4<u32>();\n      ${one(i)}`).join('\n')}
    }
`;
}

function keep({ name, inner, passes, rowsPerPass, stride, blockSide }: Share, first: string): string {
  const one = (i: number): string => {
    const further = i * rowsPerPass;
    if (!inner) {
      const units = blockSide / packed;
      return `[${first}${name}_column / ${units}u][(${name}_row + ${further}u) * ${stride}u + ${name}_column % ${units}u]`;
    }
    // A pass is within one block or covers whole blocks.
    const [block, row] =
      blockSide % rowsPerPass === 0
        ? [`${Math.floor(further / blockSide)}u`, `(${name}_row + ${further % blockSide}u)`]
        : [`${name}_row / ${blockSide}u + ${further / blockSide}u`, `${name}_row % ${blockSide}u`];
    return `[${first}${block}][${row} * ${stride}u + ${name}_column]`;
  };
  return passes.map((i) => `    blocks${one(i)} = ${name}_next${i};\n`).join('');
}

/** Returns the index of the operand's first block in workgroup memory. */
function firstBlock({ tiling: { rows, subgroupRows } }: MatrixVariant, name: Operand): number {
  return name === 'a' ? 0 : rows / subgroupRows;
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
