import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel, type WasmCall } from '../../kernel';
import { memo } from '../../memo';
import { dropoutParams } from '../dropout/philox';
import type { Epilogue } from './epilogue';
import type { Layout } from './choice';
import type { MatmulArray, MatmulParam } from './tileKernel';

/** A thread's item: so many numbers of y. Few enough rows for all threads to have work, enough to pack an operand for. */
const blockRows = 96;
const blockColumns = 128;
/** Inner numbers that are packed at once, columns of a panel: as in the wasm functions. */
const depthBlock = 256;
const panelColumns = 8;

/** Bytes of packed columns, behind what one tile needs. */
export function packedBytes(columns: number): number {
  return Math.ceil(columns / panelColumns) * panelColumns * depthBlock * 4 + 64;
}

type Params = Readonly<Record<Exclude<MatmulParam, 'quads'>, number>>;

/** As `matmul`, by the wasm function. What the epilogue does not use is bound and not touched. */
export function matmulOnWasm(
  engine: Engine,
  layout: Layout,
  epilogue: Epilogue,
  arrays: Readonly<Record<MatmulArray, DeviceArray>>,
  params: Params,
): void {
  engine.commands.dispatch(wasmKernel({ layout, epilogue }), arrays, params, 0);
}

const bits: [keyof Epilogue, number][] = [
  ['bias', 4], ['dropout', 8], ['residual', 16], ['gelu', 32], ['geluGradient', 64], ['accumulate', 128], ['aSums', 256],
]; // prettier-ignore

const wasmKernel = memo(({ layout, epilogue }: { layout: Layout; epilogue: Epilogue }) => {
  const flags = bits.reduce((sum, [name, bit]) => sum + (epilogue[name] ? bit : 0), 0);
  const layoutFlags = (layout === 'TN' ? 1 : 0) + (layout === 'NT' ? 2 : 0);
  const wasm: WasmCall<keyof Params> = {
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
