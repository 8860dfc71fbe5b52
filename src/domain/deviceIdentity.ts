import { canonicalJson } from './canonicalJson';
import type { DeviceInfo } from './device';

/**
 * Returns a key of the device itself: equal for descriptions of the same device, whatever it was chosen for. Times that
 * were measured on one device say nothing about another.
 */
export function deviceIdentity({ reason: _, ...device }: DeviceInfo): string {
  return canonicalJson(device);
}
