import { benchmarkConfigs, benchmarkShapes } from '../../../src/domain/benchmark/benchmark';
import type { DeviceReport } from '../../../src/domain/benchmark/deviceReport';
import { deviceMemoryLimits, type DeviceMemoryRequest } from '../device/deviceMemory';
import { describeDevice } from '../device/openDevice';
import { mostPairsPerStep, stepStrategyOf } from './benchmarkSteps';

/** Describes the device and plans a step of each benchmark shape on it, without opening it. */
export async function reportDevice(request: DeviceMemoryRequest): Promise<DeviceReport> {
  const device = await describeDevice(request.device);
  const limits = await deviceMemoryLimits(device, request);
  const shapes = benchmarkShapes.map((shape) => {
    const { fits, stepStrategy, need } = stepStrategyOf(benchmarkConfigs[shape], mostPairsPerStep, limits);
    return { shape, fits, stepStrategy: stepStrategy.kind, neededBytes: need.total };
  });
  return { device, budgetBytes: limits.budgetBytes, shapes };
}
