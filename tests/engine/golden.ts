import golden from '../fixtures/engine/tinyBert.json';
import type { EncoderConfig } from '../../src/domain/model';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { ParameterStore } from '../../workers/engine/model/parameterStore';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { tokenBatch } from './tokenBatch';
import { tensorLayout } from './tensorLayout';
import { projectFile } from './projectFile';

export { golden };

/** Loads the random BERT that tools/golden/engine.py wrote, and PyTorch's results for it. */
export async function loadGoldenModel() {
  const floats = new Float32Array(await projectFile('tests/fixtures/engine/tinyBert.bin'));
  const ranges = new Map<string, readonly number[]>(Object.entries(golden.ranges));
  const values = (key: string): Float32Array => {
    const range = ranges.get(key);
    if (!range) throw new Error(`no golden values ${key}`);
    const [offset = 0, length = 0] = range;
    return floats.subarray(offset, offset + length);
  };
  const config: EncoderConfig = golden.config;
  const tensors = tensorLayout(parameterShapes(config));
  const parameters = (isTrainable?: (name: string) => boolean): ParameterStore => {
    const store = new ParameterStore(deviceEngine(), tensors, isTrainable && [isTrainable]);
    for (const { name } of tensors) store.write(name, values(`weights/${name}`));
    return store;
  };
  return {
    config,
    tensors,
    values,
    parameters,
    anchors: tokenBatch(golden.anchors),
    positives: tokenBatch(golden.positives),
  };
}
