import { expect, it } from 'vitest';
import { unmeasuredPlan, type KernelPlan } from '../../src/domain/kernelPlan';
import { matrixFragments, type MatrixFragment } from '../../src/domain/matrixFragment';
import { plannedMatrixUnits } from '../../workers/engine/matrixUnits';

const [first, second] = matrixFragments as [MatrixFragment, MatrixFragment];
const unitsOf = (fragment: MatrixFragment) => ({ fragment, subgroupSize: 32, memoryBytes: 32_768 });
const planWith = (matrices: MatrixFragment): KernelPlan => ({ ...unmeasuredPlan('webgpu'), matrices });

it("a plan chooses the device's matrix units with the fragment that it names", () => {
  const offered = [unitsOf(first), unitsOf(second)];
  expect(plannedMatrixUnits(planWith({ ...second }), offered)).toEqual(unitsOf(second));
});

it('a plan that names no matrix units, or none that the device offers, is refused', () => {
  const message = 'the plan names no matrix units that the device offers';
  expect(() => plannedMatrixUnits(unmeasuredPlan('webgpu'), [unitsOf(first)])).toThrow(message);
  expect(() => plannedMatrixUnits(planWith(second), [unitsOf(first)])).toThrow(message);
  expect(() => plannedMatrixUnits(planWith(first), undefined)).toThrow(message);
  expect(() => plannedMatrixUnits(undefined, [])).toThrow(message);
});
