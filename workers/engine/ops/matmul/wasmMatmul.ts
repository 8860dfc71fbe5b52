import type { Layout } from '../../../../src/domain/kernelPlan';
import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel, type KernelWasmCall } from '../../kernel';
import { memo } from '../../memo';
import { dropoutParams } from '../dropout/dropout';
import type { Epilogue } from './epilogue';
import type { TileArray, TileParam } from './tileKernel';

/** Block of y per work item. Small enough that every thread gets work, and large enough to repay packing an operand. */
const blockRows = 96;
const blockColumns = 128;
/**
 * Number of inner elements that are packed at a time, and of columns per panel. Must match wasm/assembly/product.ts.
 */
const depthBlock = 256;
const panelColumns = 8;

/** Returns the scratch bytes for packed columns, including 64 bytes at the front for a row of an edge tile. */
export function wasmPackedBytes(columns: number): number {
  return Math.ceil(columns / panelColumns) * panelColumns * depthBlock * 4 + 64;
}

type Params = Readonly<Record<Exclude<TileParam, 'quads'>, number>>;

/** Runs `matmul` on wasm. Arrays that the epilogue does not use are bound but never accessed. */
export function wasmMatmul(
  engine: Engine,
  layout: Layout,
  epilogue: Epilogue,
  arrays: Readonly<Record<TileArray, DeviceArray>>,
  params: Params,
): void {
  engine.commands.dispatch(wasmKernel({ layout, epilogue }), arrays, params, 0);
}

/** Flags of the epilogue. Must match wasm/assembly/matmul.ts. */
const bits: [keyof Epilogue, number][] = [
  ['bias', 4],
  ['dropout', 8],
  ['residual', 16],
  ['gelu', 32],
  ['geluGradient', 64],
  ['accumulate', 128],
  ['aSums', 256],
];

const wasmKernel = memo(({ layout, epilogue }: { layout: Layout; epilogue: Epilogue }) => {
  const flags = bits.reduce((sum, [name, bit]) => sum + (epilogue[name] ? bit : 0), 0);
  const layoutFlags = (layout === 'TN' ? 1 : 0) + (layout === 'NT' ? 2 : 0);
  const wasm: KernelWasmCall<keyof Params> = {
    call: 'matmul',
    items: ({ rows, columns }) => Math.ceil(rows / blockRows) * Math.ceil(columns / blockColumns),
    constants: [flags + layoutFlags, blockRows, blockColumns],
  };
  return kernel({
    name: `matmul ${layout}`,
    params: { rows: 'u32', columns: 'u32', depth: 'u32', alpha: 'f32', ...dropoutParams },
    reads: { a: 'f32', b: 'f32' },
    writes: { y: 'f32', bias: 'f32', residual: 'f32', pre: 'f32', aSums: 'f32' },
    workgroup: [1, 1, 1],
    body: '',
    wasm,
  });
});
