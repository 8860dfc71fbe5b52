import type { DeviceInfo } from '../../../src/domain/device';
import { parseKernelPlan } from '../../../src/domain/kernelPlan';
import type { RunRecord } from '../../../src/domain/run';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import { canUseKernelPlan } from './kernelPlanOfRun';
import { deviceEngine } from './openDevice';

/** Makes the open device use the kernels of a run, if it can, so that equal inputs give the same bits as in the run. */
export function useKernelPlan({ kernelPlan }: Pick<RunRecord, 'kernelPlan'>, device: DeviceInfo): void {
  const gpu = webGpuOf(deviceEngine());
  const plan = parseKernelPlan(kernelPlan);
  if (gpu && plan && canUseKernelPlan(plan, device, gpu)) gpu.plan = plan;
}
