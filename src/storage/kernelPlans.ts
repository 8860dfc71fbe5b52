import type { StoredKernelPlan } from '../domain/kernelTuning';
import { guard, type Database } from './database';

export async function getKernelPlan(db: Database, key: string): Promise<StoredKernelPlan | undefined> {
  return db.get('kernelPlans', key);
}

export async function putKernelPlan(db: Database, key: string, stored: StoredKernelPlan): Promise<void> {
  await guard(() => db.put('kernelPlans', { key, ...stored, measuredAt: Date.now() }));
}
