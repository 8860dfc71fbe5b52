import type { KernelPlan } from '../domain/kernelPlan';
import type { KernelTuning } from '../domain/kernelTuning';
import { guard, type Database } from './database';

/** A measured plan. Plans of earlier versions lack `tuning`. */
export interface StoredKernelPlan {
  plan: KernelPlan;
  tuning?: Omit<KernelTuning, 'source' | 'ms'>;
}

export async function getKernelPlan(db: Database, key: string): Promise<StoredKernelPlan | undefined> {
  return db.get('kernelPlans', key);
}

export async function putKernelPlan(db: Database, key: string, stored: StoredKernelPlan): Promise<void> {
  await guard(() => db.put('kernelPlans', { key, ...stored, measuredAt: Date.now() }));
}
