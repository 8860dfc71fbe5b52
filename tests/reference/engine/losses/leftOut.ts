import type { LeftOut } from '../../../../workers/engine/losses/leftOut';

/** Unpacks the bits to [B, C]: 1 if a pair is left out, else 0. */
export function leftOutValues({ words, shape: [anchors, width] }: LeftOut, candidates: number): Float32Array {
  return Float32Array.from({ length: anchors * candidates }, (_, i) => {
    const [anchor, candidate] = [Math.floor(i / candidates), i % candidates];
    return ((words[anchor * width + (candidate >> 5)] ?? 0) >>> (candidate & 31)) & 1;
  });
}
