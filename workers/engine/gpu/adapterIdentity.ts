/**
 * Returns all that tells adapters apart, for keys of what was measured on one: names, subgroup sizes, features and
 * limits. Browsers leave most names empty, and none reports the driver's version.
 */
export function adapterIdentity(device: GPUDevice): Record<string, unknown> {
  // Older browsers have no adapterInfo.
  const info: unknown = Reflect.get(device, 'adapterInfo');
  return {
    ...numbersAndTexts(info),
    features: [...device.features].sort(),
    limits: numbersAndTexts(device.limits),
  };
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
