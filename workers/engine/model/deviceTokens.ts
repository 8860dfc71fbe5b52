import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { attentionBlockRows } from '../ops/attention/attentionShape';
import { quadsFor } from '../quads';
import type { PackedTokens } from './packedTokens';

/** Packed tokens on the device. */
export interface DeviceTokens {
  packed: PackedTokens;
  /** [rows, 4]: begin and end of the row's text, index of that text, token id. Padding rows have begin = end. */
  rowInfo: DeviceArray;
  /** [texts + 1]: first row of each text, then the number of tokens. */
  offsets: DeviceArray;
  /** [blocks, 4], with the columns that `AttentionInputs` describes. */
  blocks: DeviceArray;
}

export function uploadTokens(engine: Engine, packed: PackedTokens): DeviceTokens {
  const { rows, texts, tokens, offsets, ids } = packed;
  const rowInfo = new Uint32Array(rows * 4);
  for (let text = 0; text < texts; text++) {
    const begin = offsets[text] ?? 0;
    const end = offsets[text + 1] ?? begin;
    for (let row = begin; row < end; row++) rowInfo.set([begin, end, text, ids[row] ?? 0], row * 4);
  }
  for (let row = tokens; row < rows; row++) rowInfo.set([row, row, texts, ids[row] ?? 0], row * 4);
  const blocks = attentionBlocks(packed, attentionBlockRows(engine.traits), engine.traits.wasm);
  return {
    packed,
    rowInfo: engine.commands.upload(rowInfo, [rows, 4]),
    offsets: engine.commands.upload(Uint32Array.from(offsets)),
    blocks: engine.commands.upload(blocks, [blocks.length / 4, 4]),
  };
}

export function freeTokens(engine: Engine, { rowInfo, offsets, blocks }: DeviceTokens): void {
  for (const array of [rowInfo, offsets, blocks]) engine.pool.free(array);
}

/**
 * Splits each text's rows into blocks of at most `size` rows. If `equal`, a text's blocks have about equal length,
 * because on wasm even a short block reads all keys of its text. Padding rows after the last text go into blocks that
 * attend to nothing.
 */
export function attentionBlocks(
  { offsets, texts, tokens, rows }: PackedTokens,
  size: number,
  equal = false,
): Uint32Array<ArrayBuffer> {
  const blocks: number[] = [];
  const add = (begin: number, end: number, seen: number): void => {
    const rows = equal ? quadsFor(Math.ceil((end - begin) / Math.ceil((end - begin) / size))) : size;
    for (let row = begin; row < end; row += rows) blocks.push(row, Math.min(rows, end - row), begin, seen);
  };
  for (let text = 0; text < texts; text++) add(offsets[text] ?? 0, offsets[text + 1] ?? 0, offsets[text + 1] ?? 0);
  if (rows > tokens) add(tokens, rows, tokens);
  return Uint32Array.from(blocks);
}
