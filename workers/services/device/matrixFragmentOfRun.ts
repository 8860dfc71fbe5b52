import { AppError } from '../../../src/domain/errors';
import type { Precision } from '../../../src/domain/experiment';
import { parseKernelPlan } from '../../../src/domain/kernelPlan';
import { isSameFragment, type MatrixFragment } from '../../../src/domain/matrixFragment';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import type { MatrixUnits } from '../../engine/matrixUnits';
import { matrixProbe } from '../../engine/ops/matmul/subgroupMatrixProduct';

/**
 * Returns the fragment for the run's products on matrix units: that of the recorded plan if the device offers it, else
 * the first whose kernel the device compiles. Returns undefined if no stage asks for matrix units. Throws
 * `matrices-unavailable` if there is no such fragment, because another precision would be a different experiment.
 */
export async function matrixFragmentOfRun(
  gpu: WebGpuEngine | null,
  precisions: readonly Precision[],
  recorded: string,
): Promise<MatrixFragment | undefined> {
  const stage = precisions.indexOf('mixed-matrices');
  if (stage < 0) return undefined;
  const earlier = parseKernelPlan(recorded)?.matrices;
  const isEarlier = ({ fragment }: MatrixUnits): boolean => earlier !== undefined && isSameFragment(fragment, earlier);
  const offered = gpu?.traits.matrixUnits ?? [];
  let reason: string | undefined;
  for (const units of offered.toSorted((a, b) => Number(isEarlier(b)) - Number(isEarlier(a))))
    try {
      await gpu?.commands.prepare(matrixProbe(units));
      return units.fragment;
    } catch (thrown) {
      [reason = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
    }
  throw new AppError({ kind: 'matrices-unavailable', stage, ...(reason === undefined ? {} : { reason }) });
}
