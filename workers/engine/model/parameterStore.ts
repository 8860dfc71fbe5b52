import type { StoredTensor } from '../../../src/domain/modelTensors';
import type { AdapterPlan } from '../../../src/domain/train/lora';
import type { Engine } from '../engine';
import { Adapters } from './adapters';
import type { IsTrainable } from './isTrainable';
import { mergeInto, type AdaptedProduct } from './lora';
import { layerModuleOf, layerParameterName, type LayerModuleName } from './parameterNames';
import { layOutStages, type SegmentLayout } from './segmentLayout';
import { SegmentTable } from './segmentTable';

/**
 * The weights of one encoder on one engine, by canonical name, and the adapters of the stage being trained. Weights of
 * linear modules are [out, in].
 */
export class ParameterStore {
  readonly segments: SegmentTable;
  /** Bytes of all weights in float32. */
  readonly totalBytes: number;

  readonly #layouts: readonly SegmentLayout[];
  #adapters: Adapters | undefined;

  /**
   * Allocates all weights as zeros. `trainedIn` states for each stage which parameters are trained; the others get no
   * gradient and no moments in that stage. `adapterPlans` has the adapters of each stage that trains with LoRA.
   */
  constructor(
    engine: Engine,
    readonly tensors: readonly StoredTensor[],
    trainedIn: readonly IsTrainable[] = [() => true],
    private readonly adapterPlans: readonly (AdapterPlan | undefined)[] = [],
  ) {
    this.#layouts = layOutStages(tensors, trainedIn);
    this.segments = new SegmentTable(engine, this.#layoutOf(0), 'all');
    this.totalBytes = tensors.reduce((sum, { length }) => sum + length * 4, 0);
  }

  /** The adapters that a forward pass adds to the weights; undefined if there are none or they are merged. */
  get adapters(): Adapters | undefined {
    return this.#adapters?.merged ? undefined : this.#adapters;
  }

  /** The tensors of the current stage's adapters, merged or not. */
  get adapterTensors(): readonly StoredTensor[] {
    return this.#adapters?.tensors ?? [];
  }

  /**
   * Prepares a stage: replaces the previous stage's adapters with its own, at their initial values. `merged`: whether
   * the weights already include the stage's adapters.
   */
  beginStage(stage: number, merged = false): void {
    this.dropAdapters();
    const plan = this.adapterPlans[stage];
    if (!plan) return;
    this.#adapters = new Adapters(this.segments.engine, plan);
    this.#adapters.merged = merged;
  }

  /** Ends a stage: adds all adapters to the weights. Keeps A and B, so that they can still be read. */
  mergeAdapters(): void {
    const { adapters } = this;
    if (!adapters) return;
    for (const { name } of this.tensors) {
      const product = this.#adaptedProduct(name);
      // The product of query also covers key and value.
      if (product && product.name === name)
        mergeInto(this.segments.engine, adapters, product, this.segments.view(name, product.shape));
    }
    adapters.merged = true;
  }

  dropAdapters(): void {
    this.#adapters?.dispose();
    this.#adapters = undefined;
  }

  /** Returns a table of zeros with room for every parameter that a stage trains. A LoRA stage must have begun. */
  createMoment(stage = 0): SegmentTable {
    const layout = this.adapterPlans[stage] ? this.#adapters?.segments.layout : this.#layoutOf(stage);
    if (!layout) throw new RangeError(`stage ${stage} has not begun`);
    return new SegmentTable(this.segments.engine, layout, 'trainable');
  }

  #layoutOf(stage: number): SegmentLayout {
    const layout = this.#layouts[stage];
    if (!layout) throw new RangeError(`there is no stage ${stage}`);
    return layout;
  }

  write(name: string, values: Float32Array): void {
    this.#tableOf(name).write(name, values);
  }

  /** Reads one parameter. GPU→CPU sync. */
  read(name: string): Promise<Float32Array> {
    return this.#tableOf(name).read(name);
  }

  /** Reads one parameter with its adapter added, if it has one. Changes nothing on the device. GPU→CPU sync. */
  readMerged(name: string): Promise<Float32Array> {
    const { engine } = this.segments;
    const product = this.#adaptedProduct(name);
    if (!this.adapters || !product) return this.read(name);
    const merged = engine.pool.allocate(product.shape); // [out, in]
    engine.commands.copy(this.segments.view(product.name, product.shape), merged);
    mergeInto(engine, this.adapters, product, merged);
    const [first, own] = [this.segments.placeOf(product.name), this.segments.placeOf(name)];
    const offset = merged.offset + 4 * (own.offset - first.offset);
    const read = engine.commands.read({ ...merged, offset, shape: [own.rows, own.width] }); // GPU→CPU sync
    engine.pool.free(merged); // Commands recorded later run after the copy.
    return read;
  }

  /**
   * Returns the product that reads a weight and the name of that product's first weight, if adapters are added to it.
   */
  #adaptedProduct(name: string): (AdaptedProduct & { name: string; shape: [number, number] }) | undefined {
    const found = layerModuleOf(name);
    if (!found || !this.adapters) return undefined;
    const { layer } = found;
    const ofAttention: readonly LayerModuleName[] = ['query', 'key', 'value'];
    const modules = ofAttention.includes(found.module) ? ofAttention : [found.module];
    const [module = found.module] = modules;
    if (!modules.some((each) => this.adapters?.has(layer, each))) return undefined;
    const [rows = 0, columns = 0] = this.segments.layout.shapes.get(name) ?? [];
    return {
      layer,
      module,
      name: layerParameterName(layer, module, 'weight'),
      shape: [rows * modules.length, columns],
    };
  }

  #tableOf(name: string): SegmentTable {
    return this.#adapters?.holds(name) ? this.#adapters.segments : this.segments;
  }

  dispose(): void {
    this.dropAdapters();
    this.segments.dispose();
  }
}
