import { philoxFunctions } from '../dropout/philox';
import {
  columnThreads,
  operandStride,
  threadRows,
  tileColumns,
  tileThreads,
  weightStride,
  type AttentionPass,
  type AttentionTiling,
} from './tiling';

/** A tiled attention kernel of one head size. */
export interface AttentionTileVariant {
  headSize: 32 | 64;
  tiling: AttentionTiling;
  dropout: boolean;
}

/** An operand: the part of an array's rows that belongs to one head. */
export interface Operand {
  array: 'qkv' | 'dy';
  /** WGSL expressions for the start of the head's part in a row, and for the length of a row. */
  offset: string;
  stride: string;
}

export const query: Operand = { array: 'qkv', offset: 'part', stride: 'width' };
export const key: Operand = { array: 'qkv', offset: 'hidden + part', stride: 'width' };
export const value: Operand = { array: 'qkv', offset: '2u * hidden + part', stride: 'width' };
export const gradient: Operand = { array: 'dy', offset: 'part', stride: 'hidden' };

const four = [0, 1, 2, 3] as const;

/**
 * Writes the WGSL of a tiled kernel. A workgroup owns some rows of one text in one head. Its columns are the rows that
 * these are multiplied with, taken 32 at a time: `base` … `base` + 31. A thread, at place (r, c), owns four consecutive
 * rows and four consecutive columns of a tile of scores, and the same rows of the output.
 *
 * Every number is a sum of products in ascending order, each added by `fma`, whatever the tiling: scores sum over the
 * head's numbers, outputs over the columns. Only the forward pass also depends on the 32 columns, because it rescales
 * its sums once per tile. Rows past the end of the text count as zero.
 */
export class TileWriter {
  readonly #variant: AttentionTileVariant;
  /** Number of rows of threads. The thread's row i is at place `i · #rowThreads + r` in workgroup memory. */
  readonly #rowThreads: number;
  /** Number of vec4s in a row of an operand. */
  readonly #vectors: number;
  readonly #stride: number;
  /**
   * Indices of the thread's rows, and of its vec4s in a row of the output: vec4s c, c + 8, … of the head, where c is
   * the thread's column.
   */
  readonly rows: readonly number[];
  readonly outputs: readonly number[];

  constructor(variant: AttentionTileVariant) {
    const { headSize, tiling } = variant;
    this.#variant = variant;
    this.#rowThreads = tiling.rows / threadRows;
    this.#vectors = headSize / 4;
    this.#stride = operandStride(headSize);
    this.rows = indices(threadRows);
    this.outputs = indices(this.#vectors / columnThreads);
  }

  /**
   * Declares workgroup memory for `columns`, for `weights` and for per-row numbers, and the Philox functions for
   * dropout.
   */
  globals(pass: AttentionPass): string {
    const { tiling, dropout } = this.#variant;
    const numbers = { forward: ['tops', 'totals'], queries: ['deltas'], keyValues: [] }[pass];
    const count = pass === 'forward' ? tiling.rows * columnThreads : tiling.rows;
    return `${dropout ? philoxFunctions : ''}
${declare('columns', 'vec4<f32>', tileColumns * this.#stride)}
${declare('weights', 'vec4<f32>', tiling.rows * weightStride)}
${each(numbers, (name) => declare(name, 'f32', count))}
`;
  }

  /**
   * Defines the thread's place, the workgroup's rows `first` … `last` of a text `begin` … `end`, and the thread's rows.
   * `live` is false if the thread has no rows in the block.
   */
  get start(): string {
    const { rows } = this.#variant.tiling;
    return `
  let r = lid.y;
  let c = lid.x;
  let head = wid.x;
  let block = blocks[wid.y];
  let begin = block.z;
  let end = block.w;
  if (${rows}u * wid.z >= block.y) { return; }
  let first = block.x + ${rows}u * wid.z;
  let count = min(${rows}u, block.y - ${rows}u * wid.z);
  let last = first + count - 1u;
  let hidden = p.heads * ${this.#vectors}u;
  let width = 3u * hidden;
  let part = head * ${this.#vectors}u;
  let live = ${threadRows}u * r < count;
${each(this.rows, (i) => `  let row${i} = min(first + ${threadRows}u * r + ${i}u, last);`)}`;
  }

  /** Reads the thread's share of rows `from` … `from + 31` of an operand into registers `name`_0, `name`_1, … */
  load(name: string, { array, offset, stride }: Operand, from: string): string {
    return each(this.#shares, (n) => {
      const row = `${from} + (lane + ${n}u) / ${this.#vectors}u`;
      const read = `${array}[min(${row}, end - 1u) * ${stride} + ${offset} + lane % ${this.#vectors}u]`;
      return `    let ${name}_${n} = select(vec4<f32>(0.0), ${read}, ${row} < end);`;
    });
  }

  /**
   * Stores the registers in `columns`. Column 4·c + j is stored at 8·j + c, so that threads with consecutive c read
   * from different banks.
   */
  store(name: string): string {
    return each(this.#shares, (n) => {
      const row = `((lane + ${n}u) / ${this.#vectors}u)`;
      const place = `(${row} % 4u * ${columnThreads}u + ${row} / 4u)`;
      return `    columns[${place} * ${this.#stride}u + lane % ${this.#vectors}u] = ${name}_${n};`;
    });
  }

  /** Index of the first vec4 in each share of an operand's 32 rows that a thread copies. */
  get #shares(): number[] {
    const threads = tileThreads(this.#variant.tiling);
    return indices((tileColumns * this.#vectors) / threads).map((share) => share * threads);
  }

  /**
   * Runs `before`, then replaces `columns` by rows `from` … `from + 31` of an operand. With `prefetch`, the rows are
   * read before `before` runs.
   */
  replace(name: string, operand: Operand, from: string, before: string): string {
    const load = this.load(name, operand, from);
    const { prefetch } = this.#variant.tiling;
    return `${prefetch ? load : ''}
${before}
    workgroupBarrier();
${prefetch ? '' : load}
${this.store(name)}`;
  }

  /**
   * Computes the products of the thread's rows of an operand with its four columns, as vec4s `into`0, `into`1, … Reads
   * the rows from the array: eight neighbouring threads read the same numbers, and the cache keeps them from tile to
   * tile. Storing them in workgroup memory would leave room for fewer workgroups, which was slower when measured.
   */
  products(into: string, { array, offset, stride }: Operand): string {
    return `
${each(this.rows, (i) => `    var ${into}${i} = vec4<f32>(0.0);`)}
${each(this.rows, (i) => `    let ${into}_at${i} = row${i} * ${stride} + ${offset};`)}
    if (live) {
${this.#loop(
  'd',
  this.#vectors,
  () => `
${each(four, (j) => `        let b${j} = columns[(${columnThreads * j}u + c) * ${this.#stride}u + d];`)}
${each(this.rows, (i) => `        let a${i} = ${array}[${into}_at${i} + d];`)}
${each(
  ['x', 'y', 'z', 'w'],
  (x) => `        let b_${x} = vec4<f32>(b0.${x}, b1.${x}, b2.${x}, b3.${x});
${each(this.rows, (i) => `        ${into}${i} = fma(vec4<f32>(a${i}.${x}), b_${x}, ${into}${i});`)}`,
)}`,
)}
    }`;
  }

  declareSums(name: string): string {
    return this.eachOutput((i, v) => `  var ${name}${i}_${v} = vec4<f32>(0.0);`);
  }

  /** Adds the products of the thread's rows of `weights` with the operand in `columns`, column after column. */
  accumulate(name: string): string {
    const add = (j: number, v: number): string => `
        let b${j}_${v} = columns[(${columnThreads * j}u + k) * ${this.#stride}u + c + ${columnThreads * v}u];
${each(this.rows, (i) => `        ${name}${i}_${v} = fma(vec4<f32>(w${i}[${j}]), b${j}_${v}, ${name}${i}_${v});`)}`;
    return `
    if (live) {
${this.#loop(
  'k',
  tileColumns / 4,
  () => `
${each(this.rows, (i) => `        let w${i} = weights[(${this.#place(i)}) * ${weightStride}u + k];`)}
${each(four, (j) => each(this.outputs, (v) => add(j, v)))}`,
)}
    }`;
  }

  /** Repeats `body` for `index` = 0 … count − 1, with `unroll` copies per iteration of the loop. */
  #loop(index: string, count: number, body: () => string): string {
    const { unroll } = this.#variant.tiling;
    return `      for (var turn = 0u; turn < ${count / unroll}u; turn++) {
${each(indices(unroll), (n) => `        { let ${index} = ${unroll}u * turn + ${n}u;${body()} }`)}
      }`;
  }

  /** Stores the thread's weights, one vec4 per row. */
  storeWeights(weight: (i: number) => string): string {
    return each(this.rows, (i) => `    weights[(${this.#place(i)}) * ${weightStride}u + c] = ${weight(i)};`);
  }

  #place(i: number): string {
    return `${i * this.#rowThreads}u + r`;
  }

  /** Returns the index of the first of the eight numbers, one per column thread, that belong to the thread's row i. */
  eight(i: number): string {
    return `(${this.#place(i)}) * ${columnThreads}u`;
  }

  /** Draws the dropout factors of the thread's rows, which are queries, for its columns. */
  keyFactors(): string {
    if (!this.#variant.dropout) return '';
    const draw = (i: number): string => `dropout_keys(row${i} * p.heads + head, (base - begin) / 4u + c)`;
    return each(this.rows, (i) => `    let factor${i} = ${draw(i)};`);
  }

  /** Draws the dropout factors of the thread's columns, which are queries, for its four rows. */
  queryFactors(): string {
    if (!this.#variant.dropout) return '';
    const draw = (j: number): string =>
      `dropout_keys((base + 4u * c + ${j}u) * p.heads + head, (first - begin) / 4u + r)`;
    return `${each(four, (j) => `    let draw${j} = ${draw(j)};`)}
${each(four, (i) => `    let factor${i} = vec4<f32>(${four.map((j) => `draw${j}[${i}]`).join(', ')});`)}`;
  }

  masked(value: string, i: number): string {
    return this.#variant.dropout ? `${value} * factor${i}` : value;
  }

  /** Writes those of the thread's rows that are in the block. */
  writeRows(lines: (i: number) => string): string {
    return each(this.rows, (i) => `  if (${threadRows}u * r + ${i}u < count) {\n${lines(i)}\n  }`);
  }

  /** Returns the index of an output vec4 in an array with the operand's layout. */
  output({ offset, stride }: Operand, i: number, v: number): string {
    return `row${i} * ${stride} + ${offset} + c + ${columnThreads * v}u`;
  }

  eachOutput(line: (i: number, v: number) => string): string {
    return each(this.rows, (i) => each(this.outputs, (v) => line(i, v)));
  }
}

/** Defines `in_text`: which of the thread's four columns are within the text. */
export const columnsInText = '    let in_text = vec4<u32>(base + 4u * c) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end);';

export function scaleOf({ headSize }: AttentionTileVariant): string {
  return String(1 / Math.sqrt(headSize));
}

export function each<Item>(items: readonly Item[], line: (item: Item) => string): string {
  return items.map(line).join('\n');
}

function declare(name: string, type: string, count: number): string {
  return `var<workgroup> ${name}: array<${type}, ${count}>;`;
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
