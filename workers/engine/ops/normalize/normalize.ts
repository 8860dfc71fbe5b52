import type { DeviceArray } from '../../arrays';
import type { Engine, EngineTraits } from '../../engine';
import { memo } from '../../memo';
import { rowKernel, rowKernelGroups } from '../../rowKernel';
import type { PoolingSaved } from '../pooling/pooling';

/** Returns the gradient before normalization: dUnit [B, H] → dx [B, H], dx = (du − u·(u·du))/‖x‖ with u = x/‖x‖. */
export function normalizeBackward(engine: Engine, dUnit: DeviceArray, { unit, norms }: PoolingSaved): DeviceArray {
  const [rows = 0, width = 0] = unit.shape;
  const dx = engine.pool.allocate([rows, width]);
  engine.commands.dispatch(
    normalizeBackwardKernel(engine.traits),
    { dUnit, unit, norms, dx },
    { rows, width },
    rowKernelGroups(engine.traits, rows),
  );
  return dx;
}

const normalizeBackwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'normalize backward',
    params: { rows: 'u32', width: 'u32' },
    reads: { dUnit: 'f32', unit: 'f32', norms: 'f32' },
    writes: { dx: 'f32' },
    wasm: { call: 'normalizeBackward', items: ({ rows }) => rows },
    body: `
  let at = row * p.width;
  var along = 0.0;
  for (var i = me; i < p.width; i += step) { along += dUnit[at + i] * unit[at + i]; }
  let radial = row_sum(along, me);
  for (var i = me; i < p.width; i += step) { dx[at + i] = (dUnit[at + i] - unit[at + i] * radial) / norms[row]; }`,
  }),
);
