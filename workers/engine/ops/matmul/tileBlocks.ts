/**
 * Returns a WGSL function that reads a 4 × 4 block of one operand: result[r][o] is the element 4·quad + r of the inner
 * dimension at outer index first + o. Reads past the end return 0 along the inner dimension and arbitrary finite
 * numbers along the outer one.
 */
export function blockReader(
  name: 'a' | 'b',
  innerContiguous: boolean,
  outer: 'rows' | 'columns',
  aligned: boolean,
): string {
  const head = `fn read_${name}(first: u32, quad: u32) -> mat4x4<f32> {`;
  const four = [0, 1, 2, 3];
  if (!aligned) {
    const index = innerContiguous ? 'o * p.depth + k' : `k * p.${outer} + o`;
    return `
fn at_${name}(o: u32, k: u32) -> f32 {
  return select(0.0, ${name}[${index}], (o < p.${outer}) & (k < p.depth));
}
${head}
  let k = quad * 4u;
  return mat4x4<f32>(
${four.map((r) => `    ${four.map((o) => `at_${name}(first + ${o}u, k + ${r}u)`).join(', ')}`).join(',\n')});
}`;
  }
  if (innerContiguous)
    return `${head}
  let quads = p.depth / 4u;
  if (quad >= quads) { return mat4x4<f32>(); }
  let last = p.${outer} - 1u;
  return transpose(mat4x4<f32>(${four.map((o) => `${name}[min(first + ${o}u, last) * quads + quad]`).join(', ')}));
}`;
  return `${head}
  let width = p.${outer} / 4u;
  if (quad * 4u >= p.depth) { return mat4x4<f32>(); }
  let at = quad * 4u * width + min(first / 4u, width - 1u);
  return mat4x4<f32>(${four.map((r) => `${name}[at + ${r}u * width]`).join(', ')});
}`;
}
