import { arrayByteLength, type DeviceArray } from '../arrays';
import type { GpuBlock, GpuMemory } from './gpuMemory';
import type { BindingLayout } from './pipelines';

/**
 * Maximum number of cached bind groups. A step of BERT-base needs about 350, and batches whose token counts differ need
 * different ones.
 */
const maxCached = 8192;

/** Bytes per uniform slot: the largest alignment of uniform offsets that WebGPU lets a device require. */
export const slotBytes = 256;

/**
 * Caches bind groups by layout and bound ranges. Creating a bind group costs more than all other calls of a dispatch,
 * and identical steps bind the same ranges. A group is dropped when one of its buffers is destroyed.
 */
export class BindGroups {
  readonly #groups = new Map<string, { group: GPUBindGroup; blocks: readonly GpuBlock[] }>();

  constructor(
    private readonly device: GPUDevice,
    private readonly memory: GpuMemory,
    private readonly uniforms: GPUBuffer,
  ) {
    memory.onDestroy = (block) => {
      for (const key of block.bindGroups) this.#drop(key);
    };
  }

  get cached(): number {
    return this.#groups.size;
  }

  /** Returns the group that binds a uniform slot and these arrays. */
  of({ id, layout }: BindingLayout, arrays: readonly DeviceArray[]): GPUBindGroup {
    const blocks: GpuBlock[] = [];
    let key = String(id);
    for (const array of arrays) {
      const block = this.memory.own(array.buffer);
      blocks.push(block);
      key += `,${block.id}:${array.offset}:${boundBytes(array)}`;
    }
    const known = this.#groups.get(key);
    if (known) return known.group;
    const group = this.#create(layout, arrays, blocks);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size >= maxCached && oldest !== undefined) this.#drop(oldest);
    this.#groups.set(key, { group, blocks });
    for (const block of blocks) block.bindGroups.add(key);
    return group;
  }

  #create(layout: GPUBindGroupLayout, arrays: readonly DeviceArray[], blocks: readonly GpuBlock[]): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.uniforms, size: slotBytes } }];
    blocks.forEach(({ gpuBuffer: buffer }, i) => {
      const array = arrays[i];
      if (array) entries.push({ binding: i + 1, resource: { buffer, offset: array.offset, size: boundBytes(array) } });
    });
    return this.device.createBindGroup({ layout, entries });
  }

  #drop(key: string): void {
    for (const block of this.#groups.get(key)?.blocks ?? []) block.bindGroups.delete(key);
    this.#groups.delete(key);
  }
}

function boundBytes(array: DeviceArray): number {
  return Math.max(16, Math.ceil(arrayByteLength(array) / 16) * 16);
}
