import type { LeftOut } from '../../../../workers/engine/losses/leftOut';

/** 1 where a pair is left out, else 0: [B, C]. */
export function leftOutValues({ words, shape: [anchors, width] }: LeftOut, candidates: number): Float32Array {
  return Float32Array.from({ length: anchors * candidates }, (_, i) => {
    const [anchor, candidate] = [Math.floor(i / candidates), i % candidates];
    return ((words[anchor * width + (candidate >> 5)] ?? 0) >>> (candidate & 31)) & 1;
  });
}
