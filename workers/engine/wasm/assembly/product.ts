// Products of matrix blocks, computed in tiles of 6 × 8 with the sums in twelve vector registers. The right operand is
// packed into panels of 8 columns; the left one is read in place.

import { scratch } from './scratch';
import { madd } from './simd';

const tileRows: u32 = 6;
const tileColumns: u32 = 8;
/**
 * Length of the inner dimension that is packed at a time. A panel of 8 KB stays in the L1 cache together with the left
 * operand's rows.
 */
const depthBlock: u32 = 256;

/**
 * All strides are in bytes, from one row to the next or from one column to the next. One of an operand's two strides is
 * 4.
 */

/** Returns the scratch bytes for `columns` packed columns. */
// @ts-ignore: decorator
@inline
export function packedBytes(columns: u32): usize {
  return (<usize>((columns + tileColumns - 1) / tileColumns) * tileColumns * depthBlock * 4);
}

/**
 * Computes y (rows × columns, `yStride` bytes per row) = a·b, or adds a·b to y if `accumulate`. Element (i, k) of a is
 * at a + i·aRow + k·aDepth; element (k, j) of b is at b + k·bDepth + j·bColumn. `packed` has room for
 * packedBytes(columns) bytes. Each number is summed over k in order, so the tiling does not change it.
 */
export function product(
  a: usize, aRow: usize, aDepth: usize,
  b: usize, bDepth: usize, bColumn: usize,
  y: usize, yStride: usize,
  rows: u32, columns: u32, depth: u32,
  accumulate: bool, packed: usize,
): void {
  for (let from: u32 = 0; from < depth; from += depthBlock) {
    const count = min(depthBlock, depth - from);
    const aFrom = a + <usize>from * aDepth;
    pack(b + <usize>from * bDepth, bDepth, bColumn, columns, count, packed);
    const add = accumulate || from > 0;
    for (let column: u32 = 0; column < columns; column += tileColumns) {
      const panel = packed + <usize>column * count * 4;
      const width = min(tileColumns, columns - column);
      for (let row: u32 = 0; row < rows; row += tileRows) {
        const height = min(tileRows, rows - row);
        const at = y + <usize>row * yStride + <usize>column * 4;
        const left = aFrom + <usize>row * aRow;
        if (aDepth == 4) rowsTile(left, aRow, panel, count, at, yStride, height, width, add);
        else columnsTile(left, aDepth, panel, count, at, yStride, height, width, add);
      }
    }
  }
}

/**
 * Packs b's columns into panels of 8, one panel after another, each stored row by row (one row per k). The last panel
 * is padded with zeros.
 */
function pack(b: usize, bDepth: usize, bColumn: usize, columns: u32, depth: u32, packed: usize): void {
  let to = packed;
  for (let column: u32 = 0; column < columns; column += tileColumns) {
    const width = min(tileColumns, columns - column);
    const from = b + <usize>column * bColumn;
    if (width < tileColumns) packEdge(from, bDepth, bColumn, width, depth, to);
    else if (bColumn == 4) packRows(from, bDepth, depth, to);
    else packColumns(from, bColumn, depth, to);
    to += <usize>depth * 32;
  }
}

function packRows(from: usize, bDepth: usize, depth: u32, to: usize): void {
  for (let k: u32 = 0; k < depth; k++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += bDepth;
    to += 32;
  }
}

/** Packs columns that are contiguous in memory, by transposing four numbers of each column at a time. */
function packColumns(from: usize, bColumn: usize, depth: u32, to: usize): void {
  const quads = depth & ~3;
  for (let k: u32 = 0; k < quads; k += 4) {
    transpose(from + <usize>k * 4, bColumn, to);
    transpose(from + <usize>k * 4 + 4 * bColumn, bColumn, to + 16);
    to += 128;
  }
  for (let k = quads; k < depth; k++) {
    for (let j: usize = 0; j < 8; j++) store<f32>(to + 4 * j, load<f32>(from + j * bColumn + <usize>k * 4));
    to += 32;
  }
}

/** Transposes four rows of four numbers. Source rows are `stride` bytes apart, target rows 32 bytes. */
// @ts-ignore: decorator
@inline
function transpose(from: usize, stride: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

function packEdge(from: usize, bDepth: usize, bColumn: usize, width: u32, depth: u32, to: usize): void {
  for (let k: u32 = 0; k < depth; k++) {
    for (let j: u32 = 0; j < tileColumns; j++)
      store<f32>(to + <usize>j * 4, j < width ? load<f32>(from + <usize>j * bColumn) : 0);
    from += bDepth;
    to += 32;
  }
}

/**
 * Computes a tile whose left rows are contiguous along k. Rows past `height` repeat the last one and are not written.
 */
function rowsTile(
  a: usize, aRow: usize, panel: usize, depth: u32, y: usize, yStride: usize, height: u32, width: u32, add: bool,
): void {
  const last = height - 1;
  let a0 = a;
  let a1 = a + <usize>min(1, last) * aRow;
  let a2 = a + <usize>min(2, last) * aRow;
  let a3 = a + <usize>min(3, last) * aRow;
  let a4 = a + <usize>min(4, last) * aRow;
  let a5 = a + <usize>min(5, last) * aRow;
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  let k = depth;
  for (; k >= 2; k -= 2) {
    let b0: v128, b1: v128, l: v128;
    b0 = v128.load(panel);
    b1 = v128.load(panel, 16);
    l = v128.load_splat<f32>(a0);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(a1);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(a2);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(a3);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(a4);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(a5);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
    b0 = v128.load(panel, 32);
    b1 = v128.load(panel, 48);
    l = v128.load_splat<f32>(a0, 4);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(a1, 4);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(a2, 4);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(a3, 4);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(a4, 4);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(a5, 4);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
    a0 += 8; a1 += 8; a2 += 8; a3 += 8; a4 += 8; a5 += 8;
    panel += 64;
  }
  for (; k > 0; k--) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    let l = v128.load_splat<f32>(a0);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(a1);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(a2);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(a3);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(a4);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(a5);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4;
    panel += 32;
  }
  writeRow(y, s00, s01, width, add);
  if (height > 1) writeRow(y + yStride, s10, s11, width, add);
  if (height > 2) writeRow(y + 2 * yStride, s20, s21, width, add);
  if (height > 3) writeRow(y + 3 * yStride, s30, s31, width, add);
  if (height > 4) writeRow(y + 4 * yStride, s40, s41, width, add);
  if (height > 5) writeRow(y + 5 * yStride, s50, s51, width, add);
}

/**
 * Computes a tile whose left columns are contiguous: for each k, the numbers of the six rows are adjacent. Rows past
 * `height` are read but not used.
 */
function columnsTile(
  a: usize, aDepth: usize, panel: usize, depth: u32, y: usize, yStride: usize, height: u32, width: u32, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  let s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  let b0: v128, b1: v128, l: v128;
  let k = depth;
  for (; k >= 2; k -= 2) {
    const next = a + aDepth;
    b0 = v128.load(panel);
    b1 = v128.load(panel, 16);
    l = v128.load_splat<f32>(a);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(a, 4);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(a, 8);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(a, 12);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(a, 16);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(a, 20);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
    b0 = v128.load(panel, 32);
    b1 = v128.load(panel, 48);
    l = v128.load_splat<f32>(next);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(next, 4);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(next, 8);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(next, 12);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(next, 16);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(next, 20);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
    a = next + aDepth;
    panel += 64;
  }
  if (k > 0) {
    b0 = v128.load(panel);
    b1 = v128.load(panel, 16);
    l = v128.load_splat<f32>(a);
    s00 = madd(l, b0, s00); s01 = madd(l, b1, s01);
    l = v128.load_splat<f32>(a, 4);
    s10 = madd(l, b0, s10); s11 = madd(l, b1, s11);
    l = v128.load_splat<f32>(a, 8);
    s20 = madd(l, b0, s20); s21 = madd(l, b1, s21);
    l = v128.load_splat<f32>(a, 12);
    s30 = madd(l, b0, s30); s31 = madd(l, b1, s31);
    l = v128.load_splat<f32>(a, 16);
    s40 = madd(l, b0, s40); s41 = madd(l, b1, s41);
    l = v128.load_splat<f32>(a, 20);
    s50 = madd(l, b0, s50); s51 = madd(l, b1, s51);
  }
  writeRow(y, s00, s01, width, add);
  if (height > 1) writeRow(y + yStride, s10, s11, width, add);
  if (height > 2) writeRow(y + 2 * yStride, s20, s21, width, add);
  if (height > 3) writeRow(y + 3 * yStride, s30, s31, width, add);
  if (height > 4) writeRow(y + 4 * yStride, s40, s41, width, add);
  if (height > 5) writeRow(y + 5 * yStride, s50, s51, width, add);
}

// @ts-ignore: decorator
@inline
function writeRow(y: usize, low: v128, high: v128, width: u32, add: bool): void {
  if (width == tileColumns) {
    v128.store(y, add ? f32x4.add(v128.load(y), low) : low);
    v128.store(y, add ? f32x4.add(v128.load(y, 16), high) : high, 16);
  } else writeEdge(y, low, high, width, add);
}

function writeEdge(y: usize, low: v128, high: v128, width: u32, add: bool): void {
  const edge = scratch;
  v128.store(edge, low);
  v128.store(edge, high, 16);
  for (let j: u32 = 0; j < width; j++) {
    const at = y + <usize>j * 4;
    const value = load<f32>(edge + <usize>j * 4);
    store<f32>(at, add ? load<f32>(at) + value : value);
  }
}
