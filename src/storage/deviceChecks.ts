import type { DeviceCheck } from '../domain/deviceCheck/deviceCheck';
import { guard, type Database } from './database';

export async function getDeviceCheck(db: Database, key: string): Promise<DeviceCheck | undefined> {
  return (await db.get('deviceChecks', key))?.check;
}

/** Returns the last check of every device, by the device's key. */
export async function listDeviceChecks(db: Database): Promise<ReadonlyMap<string, DeviceCheck>> {
  return new Map((await db.getAll('deviceChecks')).map(({ key, check }) => [key, check]));
}

export async function putDeviceCheck(db: Database, key: string, check: DeviceCheck): Promise<void> {
  await guard(() => db.put('deviceChecks', { key, check }));
}
