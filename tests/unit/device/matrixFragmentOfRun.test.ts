import { describe, expect, it, vi } from 'vitest';
import { formatKernelPlan, unmeasuredPlan } from '../../../src/domain/kernelPlan';
import { matrixFragments, type MatrixFragment } from '../../../src/domain/matrixFragment';
import type { WebGpuEngine } from '../../../workers/engine/gpu/webGpuEngine';
import { matrixFragmentOfRun } from '../../../workers/services/device/matrixFragmentOfRun';

const [first, second, third] = matrixFragments as [MatrixFragment, MatrixFragment, MatrixFragment];
const unitsOf = (fragment: MatrixFragment) => ({ fragment, subgroupSize: 32, memoryBytes: 32_768 });

/** Returns a GPU that offers the fragments. `prepare` compiles a kernel. */
function gpuOf(offered: MatrixFragment[]) {
  const prepare = vi.fn(() => Promise.resolve());
  const gpu: WebGpuEngine = { traits: { matrixUnits: offered.map(unitsOf) }, commands: { prepare } } as never;
  return { gpu, prepare };
}

const planWith = (matrices: MatrixFragment): string => formatKernelPlan({ ...unmeasuredPlan('webgpu'), matrices });

describe('the matrix units of a run', () => {
  it('are not looked for if no stage asks for them', async () => {
    const { gpu, prepare } = gpuOf([first]);
    expect(await matrixFragmentOfRun(gpu, ['full', 'mixed'], '')).toBeUndefined();
    expect(prepare).not.toHaveBeenCalled();
  });

  it('are the first that the device offers and compiles', async () => {
    const { gpu, prepare } = gpuOf([first, second, third]);
    expect(await matrixFragmentOfRun(gpu, ['full', 'mixed-matrices'], '')).toEqual(first);
    prepare.mockRejectedValueOnce(new Error('no')).mockRejectedValueOnce(new Error('no'));
    expect(await matrixFragmentOfRun(gpu, ['mixed-matrices'], '')).toEqual(third);
  });

  it('are those of the recorded plan if the device still offers them', async () => {
    const { gpu, prepare } = gpuOf([first, second, third]);
    expect(await matrixFragmentOfRun(gpu, ['mixed-matrices'], planWith({ ...second }))).toEqual(second);
    prepare.mockRejectedValueOnce(new Error('no'));
    expect(await matrixFragmentOfRun(gpu, ['mixed-matrices'], planWith(second))).toEqual(first);
    expect(await matrixFragmentOfRun(gpuOf([third]).gpu, ['mixed-matrices'], planWith(second))).toEqual(third);
  });

  it('are refused with the stage that needs them if there are none, with the reason if the device gave one', async () => {
    const none = { kind: 'matrices-unavailable', stage: 1 };
    const precisions = ['full', 'mixed-matrices'] as const;
    for (const gpu of [null, gpuOf([]).gpu])
      await expect(matrixFragmentOfRun(gpu, precisions, '')).rejects.toMatchObject({ details: none });
    const { gpu, prepare } = gpuOf([first]);
    prepare.mockRejectedValueOnce(new Error('out of registers\nat line 3'));
    const failed = expect.objectContaining({ details: { ...none, reason: 'out of registers' } }) as Error;
    await expect(matrixFragmentOfRun(gpu, precisions, '')).rejects.toEqual(failed);
    prepare.mockRejectedValueOnce('lost');
    const lost = expect.objectContaining({ details: { ...none, reason: 'lost' } }) as Error;
    await expect(matrixFragmentOfRun(gpu, precisions, '')).rejects.toEqual(lost);
  });
});
