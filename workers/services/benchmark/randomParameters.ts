import type { EncoderConfig } from '../../../src/domain/model';
import type { Engine } from '../../engine/engine';
import { parameterShapes } from '../../engine/model/parameterShapes';
import { ParameterStore } from '../../engine/model/parameterStore';

/** Returns random weights on the scale of BERT's initialization, ±0.02; LayerNorm weights are 1. */
export function randomParameters(engine: Engine, config: EncoderConfig): ParameterStore {
  let offset = 0;
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
  const parameters = new ParameterStore(engine, tensors);
  // Repeats one block, which avoids computing a hundred million sines. Its odd length keeps rows distinct.
  const block = Float32Array.from({ length: 65_521 }, (_, i) => 0.02 * Math.sin(i * i));
  for (const { name, length } of tensors) {
    const values = new Float32Array(length);
    if (name.endsWith('LayerNorm.weight')) values.fill(1);
    else for (let at = 0; at < length; at += block.length) values.set(block.subarray(0, length - at), at);
    parameters.write(name, values);
  }
  return parameters;
}
