import { kernel, type KernelElement, type Kernel } from '../../kernel';
import { philoxFunctions } from '../dropout/philox';
import { dropoutParams } from '../dropout/dropout';
import { geluFunctions } from '../gelu/gelu';
import { epilogueCode, type Epilogue } from './epilogue';

type AddPartsParam = 'rows' | 'columns' | 'parts' | 'alpha' | keyof typeof dropoutParams;
type AddPartsArray = 'products' | 'sums' | 'y' | 'bias' | 'residual' | 'pre' | 'aSums';

/**
 * Builds the second pass of a product whose inner dimension was split. It adds the partial products [parts, rows,
 * columns] in order, adds up the partial sums [parts, rows] of a's columns, then applies the epilogue. A thread handles
 * four numbers of y if `aligned`, else one.
 */
export function addPartsKernel(
  epilogue: Epilogue,
  aligned: boolean,
): Kernel<AddPartsParam, AddPartsArray, AddPartsArray> {
  const element: KernelElement = aligned ? 'vec4<f32>' : 'f32';
  const reads: Partial<Record<AddPartsArray, KernelElement>> = { products: element };
  if (epilogue.aSums) reads.sums = 'f32';
  if (epilogue.bias) reads.bias = element;
  if (epilogue.residual) reads.residual = element;
  if (epilogue.geluGradient) reads.pre = element;
  const writes: Partial<Record<AddPartsArray, KernelElement>> = { y: element };
  if (epilogue.gelu) writes.pre = element;
  if (epilogue.aSums) writes.aSums = 'f32';
  return kernel<AddPartsParam, AddPartsArray, AddPartsArray>({
    name: 'matmul, parts added',
    params: { rows: 'u32', columns: 'u32', parts: 'u32', alpha: 'f32', ...dropoutParams },
    reads: reads as Record<AddPartsArray, KernelElement>,
    writes: writes as Record<AddPartsArray, KernelElement>,
    workgroup: [64, 1, 1],
    globals: [
      epilogue.gelu || epilogue.geluGradient ? geluFunctions(element) : '',
      epilogue.dropout ? philoxFunctions : '',
    ].join('\n'),
    body: body(epilogue, aligned),
  });
}

/** Returns how many numbers of y one thread handles. */
export function addPartsStride(aligned: boolean): number {
  return aligned ? 4 : 1;
}

function body(epilogue: Epilogue, aligned: boolean): string {
  const stride = addPartsStride(aligned);
  const sums = `
  if (at < p.rows) {
    var s = 0.0;
    for (var i = 0u; i < p.parts; i++) { s += sums[i * p.rows + at]; }
    aSums[at] = s;
  }`;
  return `
  let at = group * 64u + lane;
  let width = p.columns / ${stride}u;
  let size = p.rows * width;
${epilogue.aSums ? sums : ''}
  if (at >= size) { return; }
  let part = 0u;
  var v = products[at];
  for (var i = 1u; i < p.parts; i++) { v += products[i * size + at]; }
${epilogueCode(epilogue, 'at % width', aligned)}`;
}
