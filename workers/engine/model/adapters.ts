import type { AdapterPlan } from '../../../src/domain/train/lora';
import { adapterName, isAdapter } from '../../../src/domain/train/lora';
import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { layerModuleNames, layerModulePath, type LayerModuleName } from './parameterNames';
import { layOutSegments } from './segmentLayout';
import { SegmentTable } from './segmentTable';

/** Low-rank matrices A [r, in] and B [out, r] of a linear module. */
export interface Adapter {
  a: DeviceArray;
  b: DeviceArray;
}

/**
 * The adapters of one stage's linear modules (LoRA, Hu et al., arXiv 2106.09685, section 4.1), by peft's names. In
 * addition to its output with the unchanged weights W₀, a module computes s·B·A·dropout(x), with s = α/r.
 */
export class Adapters {
  readonly segments: SegmentTable;
  /** Whether the weights include the adapters, so that a forward pass must not add them again. */
  merged = false;
  readonly #names: ReadonlySet<string>;

  /** Allocates all adapters and writes their initial values. */
  constructor(
    engine: Engine,
    private readonly plan: AdapterPlan,
  ) {
    this.#names = new Set(plan.tensors.map(({ name }) => name));
    this.segments = new SegmentTable(engine, layOutSegments(plan.tensors, isAdapter));
    for (const tensor of plan.tensors) this.segments.write(tensor.name, plan.initial(tensor));
  }

  get rank(): number {
    return this.plan.rank;
  }

  get scale(): number {
    return this.plan.scale;
  }

  get dropout(): number {
    return this.plan.dropout;
  }

  get tensors(): AdapterPlan['tensors'] {
    return this.plan.tensors;
  }

  holds(name: string): boolean {
    return this.#names.has(name);
  }

  has(layer: number, module: LayerModuleName): boolean {
    return this.#names.has(adapterName(layerModulePath(layer, module), 'A'));
  }

  inLayer(layer: number): boolean {
    return layerModuleNames.some((module) => this.has(layer, module));
  }

  /** Returns a module's matrices in a table of this layout: the adapters themselves, or their gradients. */
  of(layer: number, module: LayerModuleName, table = this.segments): Adapter {
    const path = layerModulePath(layer, module);
    const view = (part: 'A' | 'B'): DeviceArray => {
      const name = adapterName(path, part);
      return table.view(name, table.layout.shapes.get(name) ?? []);
    };
    return { a: view('A'), b: view('B') };
  }

  dispose(): void {
    this.segments.dispose();
  }
}
