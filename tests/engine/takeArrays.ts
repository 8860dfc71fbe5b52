import type { DeviceArray } from '../../workers/engine/arrays';
import type { Engine } from '../../workers/engine/engine';

/** Reads the arrays back and frees them. */
export async function takeArrays(gpu: Engine, ...arrays: DeviceArray[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const array of arrays) values.push(await gpu.commands.read(array));
  for (const array of new Set(arrays)) gpu.pool.free(array);
  return values;
}
