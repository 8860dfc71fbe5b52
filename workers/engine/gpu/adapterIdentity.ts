/**
 * Returns all that tells adapters apart, for keys of what was measured or checked on one: names, subgroup sizes,
 * features and limits. Browsers leave most names empty, and none reports the driver's version.
 */
export function adapterIdentity(of: GPUAdapter | GPUDevice): Record<string, unknown> {
  // A device names its adapter's info `adapterInfo`; older browsers lack it.
  const info: unknown = 'info' in of ? of.info : Reflect.get(of, 'adapterInfo');
  return { ...numbersAndTexts(info), features: [...of.features].sort(), limits: numbersAndTexts(of.limits) };
}

/** Returns the numbers and texts of a WebGPU object, whose fields are getters of its prototype. */
function numbersAndTexts(of: unknown): Record<string, number | string> {
  const found: Record<string, number | string> = {};
  if (typeof of !== 'object' || of === null) return found;
  for (const name in of) {
    const value: unknown = Reflect.get(of, name);
    if (typeof value === 'number' || typeof value === 'string') found[name] = value;
  }
  return found;
}
