import { canonicalJson } from '../../src/domain/canonicalJson';
import { sha256Hex } from '../../src/domain/hash';
import { wasmFeatures } from './wasm/wasmFeatures';

/**
 * Returns a name for an adapter, made of all that WebGPU says about it: its info, limits and features. The info alone
 * may be no more than a vendor.
 */
export function adapterKey({ info, limits, features }: GPUAdapter): Promise<string> {
  const { vendor, architecture, device, description } = info;
  const named = { vendor, architecture, device, description };
  return sha256Hex(canonicalJson({ info: named, limits: numbersOf(limits), features: [...features].sort() }));
}

/** Returns the numbers of an object whose properties may be getters of its prototype. */
function numbersOf(limits: object): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') numbers[name] = value;
  }
  return numbers;
}

/** Returns the name of the CPU as a device: the instructions that decide which wasm module runs. */
export function wasmKey(): string {
  const { simd, relaxed } = wasmFeatures();
  return ['wasm', ...(simd ? ['simd'] : []), ...(relaxed ? ['relaxed'] : [])].join('-');
}
