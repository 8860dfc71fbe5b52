import { dotOf } from './vectors';

/** Kernel of workers/engine/optimizer/sumSquares. A call covers parts `begin` … `end − 1`. */

export function gradientSquares(
  gradients: usize, parts: usize, rows: u32, length: u32, firstPart: u32, partLength: u32, begin: u32, end: u32,
): void {
  for (let part = begin; part < end; part++) {
    const from = gradients + <usize>part * partLength * 4;
    store<f32>(parts + <usize>(firstPart + part) * 4, dotOf(from, from, min(partLength, length - part * partLength)));
  }
}
