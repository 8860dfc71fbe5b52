import { exp4 } from './exp';
import { scratch } from './scratch';
import { laneSum, madd, splat } from './simd';
import { dotOf } from './vectors';
import { packedBytes, product } from './product';
import { dropoutKeys } from './dropout';

/**
 * Attention within each text of packed rows; see ops/attention for the formulas. An item is one block of rows of one
 * text in one head; items are numbered block by block. Scratch memory holds a row of an edge tile, the packed operand,
 * two matrices [block's rows, text's length], and six rows of the text's length.
 */

/** Where the packed operand starts in scratch, after the eight numbers of a row of an edge tile. */
const packedAt: usize = 64;

/**
 * The current item, set by `open`: its head, and its block of rows `first` … `first + count − 1`. The text begins at
 * row `begin` and has `keys` rows.
 */
let first: u32 = 0;
let count: u32 = 0;
let begin: u32 = 0;
let keys: u32 = 0;
let head: u32 = 0;
/** Bytes per row of qkv, of y, and of the scores. */
let qkvRow: usize = 0;
let yRow: usize = 0;
let scoreRow: usize = 0;
/** Addresses in scratch of the two matrices, and of two rows after them: log-sum-exp and δ of each row of the text. */
let scores: usize = 0;
let gradients: usize = 0;
let byKey: usize = 0;
/** Address of the four rows after those: the dropout factors of four keys. */
let masks: usize = 0;
/** Byte offsets of this head's queries, keys and values within a row. */
let queryAt: usize = 0;
let keyAt: usize = 0;
let valueAt: usize = 0;

function open(blocks: usize, item: u32, heads: u32, headSize: u32): void {
  const block = blocks + <usize>(item / heads) * 16;
  head = item % heads;
  first = load<u32>(block);
  count = load<u32>(block, 4);
  begin = load<u32>(block, 8);
  keys = load<u32>(block, 12) - begin;
  const hidden = <usize>heads * headSize * 4;
  qkvRow = 3 * hidden;
  yRow = hidden;
  queryAt = <usize>head * headSize * 4;
  keyAt = hidden + queryAt;
  valueAt = 2 * hidden + queryAt;
  scoreRow = <usize>((keys + 3) & ~3) * 4;
  scores = scratch + packedAt + packedBytes(max(keys, headSize));
  gradients = scores + <usize>count * scoreRow;
  byKey = gradients + <usize>count * scoreRow;
  masks = byKey + 2 * scoreRow;
}

/**
 * Computes `to` = left·rightᵀ, [count, D] × [keys, D] → [count, keys]: the scores of the block's rows against all rows
 * of the text.
 */
// @ts-ignore: decorator
@inline
function againstText(left: usize, leftRow: usize, right: usize, rightRow: usize, headSize: u32, to: usize): void {
  product(left, leftRow, 4, right, 4, rightRow, to, scoreRow, count, keys, headSize, false, scratch + packedAt);
}

/** Computes `to` = matrix·right, [count, keys] × [keys, D] → [count, D]. */
// @ts-ignore: decorator
@inline
function overText(matrix: usize, right: usize, rightRow: usize, headSize: u32, to: usize, toRow: usize): void {
  product(matrix, scoreRow, 4, right, rightRow, 4, to, toRow, count, headSize, keys, false, scratch + packedAt);
}

function clearRows(at: usize, stride: usize, headSize: u32): void {
  for (let i: usize = 0; i < count; i++) memory.fill(at + i * stride, 0, <usize>headSize * 4);
}

export function attentionForward(
  qkv: usize, blocks: usize, y: usize, lse: usize, blockCount: u32, heads: u32, longest: u32, squaredLengths: u32,
  seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, drop: f32, headSize: u32, from: u32, to: u32,
): void {
  const scale: f32 = 1 / sqrt<f32>(<f32>headSize);
  for (let item = from; item < to; item++) {
    open(blocks, item, heads, headSize);
    const own = <usize>first * qkvRow;
    const out = y + <usize>first * yRow + queryAt;
    if (keys == 0) {
      clearRows(out, yRow, headSize);
      for (let i: u32 = 0; i < count; i++) store<f32>(lse + <usize>((first + i) * heads + head) * 4, 0);
      continue;
    }
    againstText(qkv + own + queryAt, qkvRow, qkv + <usize>begin * qkvRow + keyAt, qkvRow, headSize, scores);
    for (let i: u32 = 0; i < count; i++) {
      const row = (first + i) * heads + head;
      const at = scores + <usize>i * scoreRow;
      store<f32>(lse + <usize>row * 4, softmax(at, keys, scale));
      if (below) maskRow(at, row, seed, step, op, below, dropFirst, drop);
    }
    overText(scores, qkv + <usize>begin * qkvRow + valueAt, qkvRow, headSize, out, yRow);
  }
}

/**
 * Turns a row of scores into probabilities and returns log Σ exp(scale·x). The row must have room for `length` rounded
 * up to a multiple of four.
 */
function softmax(at: usize, length: u32, scale: f32): f32 {
  for (let j = length; j & 3; j++) store<f32>(at + <usize>j * 4, -Infinity);
  let top4 = splat(-Infinity);
  for (let j: u32 = 0; j < length; j += 4) top4 = f32x4.max(top4, v128.load(at + <usize>j * 4));
  const top = max(
    max(f32x4.extract_lane(top4, 0), f32x4.extract_lane(top4, 1)),
    max(f32x4.extract_lane(top4, 2), f32x4.extract_lane(top4, 3)),
  );
  let sum = splat(0);
  const shift = splat(-top * scale);
  for (let j: u32 = 0; j < length; j += 4) {
    const weight = exp4(madd(v128.load(at + <usize>j * 4), splat(scale), shift));
    v128.store(at + <usize>j * 4, weight);
    sum = f32x4.add(sum, weight);
  }
  const total = laneSum(sum);
  const share = splat(1 / total);
  for (let j: u32 = 0; j < length; j += 4)
    v128.store(at + <usize>j * 4, f32x4.mul(v128.load(at + <usize>j * 4), share));
  return top * scale + Mathf.log(total);
}

function maskRow(at: usize, row: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, drop: f32): void {
  for (let quad: u32 = 0; quad * 4 < keys; quad++) {
    const o = at + <usize>quad * 16;
    const mask = dropoutKeys(row, quad, seed, step, op, below, dropFirst, drop);
    v128.store(o, f32x4.mul(v128.load(o), mask));
  }
}

/** Computes dq of the block's rows, and δ = dy·y for each row and head. */
export function attentionQueries(
  qkv: usize, blocks: usize, dy: usize, y: usize, lse: usize, dqkv: usize, delta: usize, blockCount: u32, heads: u32,
  longest: u32, squaredLengths: u32,
  seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, drop: f32, headSize: u32, from: u32, to: u32,
): void {
  const scale: f32 = 1 / sqrt<f32>(<f32>headSize);
  for (let item = from; item < to; item++) {
    open(blocks, item, heads, headSize);
    const out = <usize>first * yRow + queryAt;
    const into = dqkv + <usize>first * qkvRow + queryAt;
    for (let i: u32 = 0; i < count; i++) {
      const o = out + <usize>i * yRow;
      store<f32>(delta + <usize>((first + i) * heads + head) * 4, dotOf(dy + o, y + o, headSize));
    }
    if (keys == 0) {
      clearRows(into, qkvRow, headSize);
      continue;
    }
    const text = qkv + <usize>begin * qkvRow;
    againstText(qkv + <usize>first * qkvRow + queryAt, qkvRow, text + keyAt, qkvRow, headSize, scores);
    againstText(dy + out, yRow, text + valueAt, qkvRow, headSize, gradients);
    for (let i: u32 = 0; i < count; i++) {
      const row = (first + i) * heads + head;
      const d = gradients + <usize>i * scoreRow;
      if (below) maskRow(d, row, seed, step, op, below, dropFirst, drop);
      const level = splat(-load<f32>(lse + <usize>row * 4));
      const along = splat(load<f32>(delta + <usize>row * 4));
      const at = scores + <usize>i * scoreRow;
      for (let o: usize = 0; o < scoreRow; o += 16) {
        const probability = exp4(madd(v128.load(at + o), splat(scale), level));
        const dScore = f32x4.mul(f32x4.mul(probability, f32x4.sub(v128.load(d + o), along)), splat(scale));
        v128.store(at + o, dScore);
      }
    }
    overText(scores, text + keyAt, qkvRow, headSize, into, qkvRow);
  }
}

/** Computes dk and dv of the block's rows from all rows of their text. */
export function attentionKeyValues(
  qkv: usize, blocks: usize, dy: usize, lse: usize, delta: usize, dqkv: usize, blockCount: u32, heads: u32,
  longest: u32, squaredLengths: u32,
  seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, drop: f32, headSize: u32, from: u32, to: u32,
): void {
  const scale: f32 = 1 / sqrt<f32>(<f32>headSize);
  for (let item = from; item < to; item++) {
    open(blocks, item, heads, headSize);
    const into = dqkv + <usize>first * qkvRow;
    if (keys == 0) {
      clearRows(into + keyAt, qkvRow, headSize);
      clearRows(into + valueAt, qkvRow, headSize);
      continue;
    }
    const own = qkv + <usize>first * qkvRow;
    const text = qkv + <usize>begin * qkvRow;
    const dText = dy + <usize>begin * yRow + queryAt;
    gather(lse, delta, heads);
    againstText(own + keyAt, qkvRow, text + queryAt, qkvRow, headSize, scores);
    againstText(own + valueAt, qkvRow, dText, yRow, headSize, gradients);
    for (let i: u32 = 0; i < count; i += 4) {
      if (below) drawMasks((first + i - begin) / 4, heads, seed, step, op, below, dropFirst, drop);
      for (let key = i; key < min(i + 4, count); key++)
        keyRow(key, scale, below ? masks + <usize>(key - i) * scoreRow : 0);
    }
    overText(scores, dText, yRow, headSize, into + valueAt, qkvRow);
    overText(gradients, text + queryAt, qkvRow, headSize, into + keyAt, qkvRow);
  }
}

/** Copies log-sum-exp and δ of the text's rows in this head to contiguous memory. */
function gather(lse: usize, delta: usize, heads: u32): void {
  for (let j: u32 = 0; j < keys; j++) {
    const from = <usize>((begin + j) * heads + head) * 4;
    store<f32>(byKey + <usize>j * 4, load<f32>(lse + from));
    store<f32>(byKey + scoreRow + <usize>j * 4, load<f32>(delta + from));
  }
}

/**
 * Draws the dropout factors of keys 4·quad … 4·quad + 3 for all rows of the text. Stores one row of factors per key.
 */
function drawMasks(quad: u32, heads: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, drop: f32): void {
  for (let j: u32 = 0; j < keys; j++) {
    const four = dropoutKeys((begin + j) * heads + head, quad, seed, step, op, below, dropFirst, drop);
    const at = masks + <usize>j * 4;
    v128.store32_lane(at, four, 0);
    v128.store32_lane(at + scoreRow, four, 1);
    v128.store32_lane(at + 2 * scoreRow, four, 2);
    v128.store32_lane(at + 3 * scoreRow, four, 3);
  }
}

/**
 * Converts row i of both matrices in place: scores to probabilities after dropout, and gradients of probabilities to
 * gradients of scores. `factors` is the address of the row's dropout factors, or 0 if nothing is dropped.
 */
function keyRow(i: u32, scale: f32, factors: usize): void {
  const at = scores + <usize>i * scoreRow;
  const d = gradients + <usize>i * scoreRow;
  for (let o: usize = 0; o < scoreRow; o += 16) {
    const probability = exp4(f32x4.sub(f32x4.mul(v128.load(at + o), splat(scale)), v128.load(byKey + o)));
    const factor = factors ? v128.load(factors + o) : splat(1);
    const dProbability = f32x4.mul(v128.load(d + o), factor);
    const along = v128.load(byKey + scoreRow + o);
    v128.store(at + o, f32x4.mul(probability, factor));
    v128.store(d + o, f32x4.mul(f32x4.mul(probability, f32x4.sub(dProbability, along)), splat(scale)));
  }
}
