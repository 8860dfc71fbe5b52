import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';

/**
 * If a step's gradient norm, numbers[at], is not finite, sets `stopped`, [1], and makes the norm of all later steps
 * NaN. AdamW changes nothing at such a norm, so a step that began before the host knew of the bad one changes nothing
 * either. Clear `stopped` to continue.
 */
export function stopAfterBadStep(engine: Engine, numbers: DeviceArray, at: number, stopped: DeviceArray): void {
  engine.commands.dispatch(stopKernel, { numbers, stopped }, { at }, 1);
}

const stopKernel = kernel({
  name: 'stop after a bad step',
  params: { at: 'u32' },
  reads: {},
  // Bound as integers, because a shader compiler may assume that no number is NaN or infinite.
  writes: { numbers: 'u32', stopped: 'u32' },
  workgroup: [1, 1, 1],
  body: `
  if (stopped[0] != 0u) { numbers[p.at] = 0x7fc00000u; }
  if ((numbers[p.at] & 0x7f800000u) == 0x7f800000u) { stopped[0] = 1u; }`,
});
