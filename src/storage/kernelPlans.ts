import type { KernelPlan } from '../domain/kernelPlan';
import { guard, type Database } from './database';

export async function getKernelPlan(db: Database, key: string): Promise<KernelPlan | undefined> {
  return (await db.get('kernelPlans', key))?.plan;
}

export async function putKernelPlan(db: Database, key: string, plan: KernelPlan): Promise<void> {
  await guard(() => db.put('kernelPlans', { key, plan, measuredAt: Date.now() }));
}
