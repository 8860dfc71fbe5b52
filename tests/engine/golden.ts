import golden from '../fixtures/engine/tinyBert.json';
import type { EncoderConfig } from '../../src/domain/model';
import { currentEngine } from '../../workers/engine/device';
import { ParameterStore } from '../../workers/engine/model/parameters';
import { parameterShapes } from '../../workers/engine/model/names';
import { batchOf, layout, projectFile } from './support';

export { golden };

/** Loads the random BERT that tools/golden/engine.py wrote, and PyTorch's results for it. */
export async function loadGolden() {
  const floats = new Float32Array(await projectFile('tests/fixtures/engine/tinyBert.bin'));
  const ranges = new Map<string, readonly number[]>(Object.entries(golden.ranges));
  const values = (key: string): Float32Array => {
    const range = ranges.get(key);
    if (!range) throw new Error(`no golden values ${key}`);
    const [offset = 0, length = 0] = range;
    return floats.subarray(offset, offset + length);
  };
  const config: EncoderConfig = golden.config;
  const tensors = layout(parameterShapes(config));
  const parameters = (isTrainable?: (name: string) => boolean): ParameterStore => {
    const store = new ParameterStore(currentEngine(), tensors, isTrainable);
    for (const { name } of tensors) store.write(name, values(`weights/${name}`));
    return store;
  };
  return {
    config,
    tensors,
    values,
    parameters,
    anchors: batchOf(golden.anchors),
    positives: batchOf(golden.positives),
  };
}
