import { canonicalJson } from '../../src/domain/canonicalJson';
import { sha256Hex } from '../../src/domain/hash';
import { adapterIdentity } from './gpu/adapterIdentity';
import { wasmFeatures } from './wasm/wasmFeatures';

/** Returns a short key for an adapter: the hash of everything that WebGPU reports about it. */
export function adapterKey(adapter: GPUAdapter): Promise<string> {
  return sha256Hex(canonicalJson(adapterIdentity(adapter)));
}

/** Returns the key of the CPU as a device. It names the instruction sets, which decide which wasm module runs. */
export function wasmKey(): string {
  const { simd, relaxed } = wasmFeatures();
  return ['wasm', ...(simd ? ['simd'] : []), ...(relaxed ? ['relaxed'] : [])].join('-');
}
