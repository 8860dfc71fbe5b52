import { guard, type Database } from './database';

export async function putSetting(db: Database, key: string, value: unknown): Promise<void> {
  await guard(() => db.put('settings', { key, value }));
}

export async function getSetting(db: Database, key: string): Promise<unknown> {
  return (await db.get('settings', key))?.value;
}
