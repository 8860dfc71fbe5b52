import type { LossMask } from '../../../../workers/engine/losses/lossMask';

/** Unpacks a mask to [B, C]: 1 if a pair is left out, else 0. */
export function lossMaskValues({ words, shape: [anchors, width] }: LossMask, candidates: number): Float32Array {
  return Float32Array.from({ length: anchors * candidates }, (_, i) => {
    const [anchor, candidate] = [Math.floor(i / candidates), i % candidates];
    return ((words[anchor * width + (candidate >> 5)] ?? 0) >>> (candidate & 31)) & 1;
  });
}
