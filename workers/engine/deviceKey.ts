import { canonicalJson } from '../../src/domain/canonicalJson';
import { sha256Hex } from '../../src/domain/hash';
import { adapterIdentity } from './gpu/adapterIdentity';
import { wasmFeatures } from './wasm/wasmFeatures';

/** Returns a short name for an adapter: the hash of all that WebGPU says about it. */
export function adapterKey(adapter: GPUAdapter): Promise<string> {
  return sha256Hex(canonicalJson(adapterIdentity(adapter)));
}

/** Returns the name of the CPU as a device: the instructions that decide which wasm module runs. */
export function wasmKey(): string {
  const { simd, relaxed } = wasmFeatures();
  return ['wasm', ...(simd ? ['simd'] : []), ...(relaxed ? ['relaxed'] : [])].join('-');
}
