import { addScaled, dotOf, setScaled } from './vectors';

/**
 * Kernels of workers/engine/ops/pooling, where the formulas are. A call covers texts (forward) or rows of the batch
 * (backward) `begin` … `end − 1`.
 */

/** Values of `pick`, which selects the tokens of a text that are pooled. */
const allTokens: u32 = 0;
const firstToken: u32 = 1;
const lastToken: u32 = 2;

export function poolingForward(
  hidden: usize, offsets: usize, unit: usize, norms: usize,
  rows: u32, width: u32, firstText: u32, pick: u32, normalize: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let text = begin; text < end; text++) {
    const at = offsets + <usize>(firstText + text) * 4;
    let from = load<u32>(at);
    let to = load<u32>(at, 4);
    if (pick == firstToken) to = from + 1;
    if (pick == lastToken) from = to - 1;
    const y = unit + <usize>text * bytes;
    memory.fill(y, 0, bytes);
    for (let row = from; row < to; row++) addScaled(y, hidden + <usize>row * bytes, 1, width);
    setScaled(y, y, 1 / <f32>(to - from), width);
    const norm = max<f32>(sqrt<f32>(dotOf(y, y, width)), 1e-12);
    store<f32>(norms + <usize>text * 4, norm);
    if (normalize) setScaled(y, y, 1 / norm, width);
  }
}

export function poolingBackward(
  rowInfo: usize, first: usize, rest: usize, dHidden: usize,
  rows: u32, width: u32, firstTexts: u32, texts: u32, pick: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>width * 4;
  for (let row = begin; row < end; row++) {
    const info = rowInfo + <usize>row * 16;
    const from = load<u32>(info);
    const next = load<u32>(info, 4);
    const text = load<u32>(info, 8);
    const to = dHidden + <usize>row * bytes;
    if (text >= texts || (pick == firstToken && row != from) || (pick == lastToken && row + 1 != next)) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const share: f32 = pick == allTokens ? 1 / <f32>(next - from) : 1;
    const vector = text < firstTexts ? first + <usize>text * bytes : rest + <usize>(text - firstTexts) * bytes;
    setScaled(to, vector, share, width);
  }
}
