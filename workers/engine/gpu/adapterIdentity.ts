/**
 * Returns everything that distinguishes adapters: names, subgroup sizes, features and limits. Keys of measurements and
 * checks contain it. Browsers leave most names empty, and none reports the driver version.
 */
export function adapterIdentity(of: GPUAdapter | GPUDevice): Record<string, unknown> {
  // A device calls its adapter's info `adapterInfo`; older browsers lack it.
  const info: unknown = 'info' in of ? of.info : Reflect.get(of, 'adapterInfo');
  return { ...numbersAndStrings(info), features: [...of.features].sort(), limits: numbersAndStrings(of.limits) };
}

/** Returns the number and string fields of a WebGPU object, which are getters on its prototype. */
function numbersAndStrings(of: unknown): Record<string, number | string> {
  const found: Record<string, number | string> = {};
  if (typeof of !== 'object' || of === null) return found;
  for (const name in of) {
    const value: unknown = Reflect.get(of, name);
    if (typeof value === 'number' || typeof value === 'string') found[name] = value;
  }
  return found;
}
